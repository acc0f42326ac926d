"""The history that queries are measured on: written into the marts as they are today."""

from __future__ import annotations

import psycopg

from meterr_etl.warehouse.marts import published_marts
from tests.benchmarks.history import HistorySize, build_history
from tests.benchmarks.questions import QUESTIONS

NOT_ASKED = {"fct_usage_by_owner_daily"}


def test_history_fills_every_mart_that_questions_read(warehouse_db: str) -> None:
    size = HistorySize(days=3, detailed_days=1).scaled(0.001)
    build_history(size)
    read = " ".join(question.text for question in QUESTIONS)
    with psycopg.connect(warehouse_db) as connection:
        for mart in published_marts():
            if mart.name in NOT_ASKED or f"marts.{mart.name} " not in read:
                continue
            rows = connection.execute(f"select count(*) from marts.{mart.name}").fetchone()  # type: ignore[arg-type]
            assert rows is not None
            assert rows[0] > 0, mart.name
        priced = connection.execute(
            "select count(*), count(list_cost) from marts.token_events_priced"
        ).fetchone()
    assert priced is not None
    assert priced[0] > 0
    assert priced[1] > 0
