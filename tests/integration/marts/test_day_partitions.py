"""A mart cut by day gets its days without waiting for readers (DESIGN §3, perf.md "Locks")."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts import PublishedMart, ensure_day_partitions

FRIDAY, SATURDAY = date(2026, 11, 13), date(2026, 11, 14)


def ensure(mart: PublishedMart, *days: date) -> tuple[date, ...]:
    with warehouse("meterr_publisher") as connection:
        connection.execute("set local lock_timeout = '1s'")
        return ensure_day_partitions(connection, mart, days)


def insert(day: date) -> None:
    with warehouse("meterr_publisher") as connection:
        connection.execute("insert into marts.events_by_hand values (%s, 'acme')", [day])


def test_each_day_gets_one_partition_however_often_it_is_asked_for(
    mart_by_day: PublishedMart,
) -> None:
    assert ensure(mart_by_day, SATURDAY, FRIDAY, SATURDAY) == (FRIDAY, SATURDAY)
    assert ensure(mart_by_day, FRIDAY, SATURDAY) == ()
    insert(FRIDAY)

    with warehouse() as connection:
        (where,) = connection.execute(
            "select tableoid::regclass::text from marts.events_by_hand"
        ).fetchall()
    assert where == ("marts.events_by_hand_20261113",)


def test_day_without_a_partition_has_no_place(mart_by_day: PublishedMart) -> None:
    """A default partition would take the row, and make every later attach wait for readers."""
    ensure(mart_by_day, FRIDAY)

    with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        insert(SATURDAY)


def test_open_reader_delays_no_new_day(mart_by_day: PublishedMart) -> None:
    ensure(mart_by_day, FRIDAY)
    insert(FRIDAY)
    with warehouse() as analyst:
        assert analyst.execute("select count(*) from marts.events_by_hand").fetchall() == [(1,)]

        assert ensure(mart_by_day, SATURDAY) == (SATURDAY,)

        insert(SATURDAY)
        assert analyst.execute("select count(*) from marts.events_by_hand").fetchall() == [(2,)]


def test_mart_that_is_not_cut_by_day_needs_none(mart_by_day: PublishedMart) -> None:
    whole = PublishedMart("usage_by_hand", "charge_date", ("charge_date",), (), False)

    assert ensure(whole, FRIDAY) == ()
