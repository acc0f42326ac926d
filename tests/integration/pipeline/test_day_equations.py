"""`meterr status --day` prints what must be equal, from the rows read to the last roll-up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import psycopg

from meterr_etl.ledger.status import day_equations, rederived_days, source_progress
from meterr_etl.warehouse.connection import warehouse as open_warehouse

from .conftest import DAY, SourceTables, Warehouse, at, next_day

Night = Callable[..., str]


def broken(day: object = DAY) -> list[str]:
    with open_warehouse("meterr_loader") as connection:
        rows = day_equations(connection, day)  # type: ignore[arg-type]
    assert len(rows) >= 18
    return [row["equation"] for row in rows if not row["holds"]]


def test_every_equation_of_a_published_day_holds(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY, input_tokens=700, cache_read_tokens=300, reasoning_tokens=10)
    source.add_event(DAY, hour=3, output_tokens=-1)
    night(DAY)
    assert broken() == []
    with open_warehouse("meterr_loader") as connection:
        rows = day_equations(connection, DAY)
    assert rows[0]["equation"].endswith("= dead 1 + new 1")
    assert rows[0]["left_side"] == Decimal(2)


def test_roll_up_that_lost_a_line_breaks_its_equations_and_no_other(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    night(DAY)
    with psycopg.connect(warehouse.url) as connection:
        connection.execute("delete from marts.usage_by_hour")
    assert broken() == [
        "requests of price lines = requests of usage_by_hour",
        "tokens of price lines = tokens of usage_by_hour",
        "cost of price lines = cost of usage_by_hour",
    ]


def test_status_says_which_days_were_made_anew_and_why(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    night(DAY)
    source.add_event(DAY, updated_at=at(next_day(), 1))
    late = night(next_day())
    with open_warehouse("meterr_loader") as connection:
        (again,) = rederived_days(connection, 10)
        (progress,) = source_progress(connection)
    assert (again["event_date"], again["run_id"], again["kind"]) == (DAY, late, "window")
    assert "late or corrected" in again["cause"]
    assert progress["lag_hours"] >= 0
