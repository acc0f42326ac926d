"""Every change of a published number is on record with its cause; what stands unchanged is not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import psycopg

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
LINES = "select charge_date, old_cost, new_cost, cause from marts.restatements order by 1, 2"


def test_first_publication_and_a_night_read_again_restate_nothing(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.add_event(DAY)
    night(DAY)
    night(DAY)
    assert warehouse.rows(LINES) == []


def test_late_event_and_correction_are_told_apart(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    event = source.add_event(DAY, input_tokens=1000, output_tokens=0)
    night(DAY)
    source.add_event(DAY, updated_at=at(next_day(), 1), input_tokens=2000, output_tokens=0)
    night(next_day())
    later = at(next_day(days=2), 1)
    source.execute(
        f"update public.token_usage set input_tokens = 4000, updated_at = '{later}'"
        f" where id = '{event}'"
    )
    night(next_day(days=2))
    assert warehouse.rows(LINES) == [
        (DAY, Decimal("0.0025"), Decimal("0.0075"), "late events"),
        (DAY, Decimal("0.0075"), Decimal("0.015"), "correction"),
    ]


def test_cost_that_moves_to_another_cost_center_is_two_lines_that_cancel(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.add_event(DAY)
    night(DAY)
    source.execute(
        "update public.teams set cost_center = 'CC-2', updated_at = updated_at - interval '1 hour'"
    )
    source.execute("update public.teams set updated_at = updated_at + interval '2 hours'")
    night(DAY)
    assert warehouse.rows(
        "select cost_center, new_cost is null, cause from marts.restatements order by 1"
    ) == [("CC-1", True, "ownership"), ("CC-2", False, "ownership")]
    assert warehouse.value("select sum(cost_change) from marts.restatements") == 0


def test_reader_sees_restatements_of_own_tenants_only(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.add_event(DAY)
    night(DAY)
    source.add_event(DAY, updated_at=at(next_day(), 1))
    night(next_day())
    for tenant, seen in ((str(an_id("acme")), 1), ("globex", 0)):
        with psycopg.connect(warehouse.url) as connection:
            connection.execute("delete from ops.reader_tenants")
            connection.execute(
                "insert into ops.reader_tenants values ('meterr_analyst', %s)", (tenant,)
            )
            connection.execute("set role meterr_analyst")
            row = connection.execute("select count(*)::int from marts.restatements").fetchone()
            assert row == (seen,)
            connection.rollback()
