"""Marts written into by hand: what a tenant spent on which days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import psycopg
import pytest

Spend = Callable[..., None]


@pytest.fixture
def marts(warehouse_db: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse_db, autocommit=True) as connection:
        # Rows by hand have no run behind them.
        connection.execute("set session_replication_role = replica")
        yield connection


@pytest.fixture
def spend(marts: psycopg.Connection) -> Spend:
    """Publish a day on which a tenant spent so much, on one model."""

    def spending(day: date, cost: str | None, currency: str = "USD") -> None:
        marts.execute(
            "insert into ops.published_days (event_date, version, run_id, publication_no,"
            " reference_version, event_count, late_event_count) values (%s, 1, 'r', 1, 1, 1, 0)"
            " on conflict do nothing",
            (day,),
        )
        if cost is None:
            return
        for mart, key in (
            ("usage_by_tenant_daily", {}),
            ("usage_by_model_daily", {"model": "gpt"}),
        ):
            row = {
                "charge_date": day, "tenant_id": "acme", "request_count": 1, "input_tokens": 1,
                "output_tokens": 1, "cache_read_tokens": 0, "total_tokens": 2,
                "unpriced_tokens": 0, "list_cost": cost, "contracted_cost": cost,
                "effective_cost": cost, "billed_cost": cost, "billing_currency": currency,
                **({"provider": "openai", **key} if key else {}),
            }  # fmt: skip
            names = ", ".join(row)
            values = ", ".join(["%s"] * len(row))
            marts.execute(
                f"insert into marts.{mart} ({names}) values ({values})",  # type: ignore[arg-type]
                list(row.values()),
            )

    return spending
