"""Who sees what of a mart: rows decide, and a partition of its own shows nobody anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import PublishedMart, ensure_day_partitions

from .conftest import CONTRACT

DAY = date(2026, 11, 14)
TENANTS = ("acme", "globex", "initech")


@pytest.fixture
def mart(mart_by_day: PublishedMart) -> PublishedMart:
    """One day with a row of each tenant."""
    with warehouse("meterr_publisher") as connection:
        ensure_day_partitions(connection, mart_by_day, [DAY])
        for tenant in TENANTS:
            connection.execute("insert into marts.events_by_hand values (%s, %s)", [DAY, tenant])
    return mart_by_day


def seen(connection: Connection, table: str = "events_by_hand") -> list[str]:
    rows = connection.execute(f"select tenant_id from marts.{table} order by 1").fetchall()
    return [str(row[0]) for row in rows]


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (("acme",), ["acme"]),
        (("acme", "globex"), ["acme", "globex"]),
        (("*",), list(TENANTS)),
        ((), []),
    ],
)
def test_analyst_sees_only_own_tenants(
    mart: PublishedMart, reader: Callable, granted: tuple[str, ...], expected: list[str]
) -> None:
    with reader(*granted) as connection:
        assert seen(connection) == expected


@pytest.mark.parametrize("granted", [("acme",), ("*",), ("acme", "initech")])
def test_reader_of_all_sees_any_id_and_a_reader_of_some_none_between(
    mart: PublishedMart, reader: Callable, granted: tuple[str, ...]
) -> None:
    strange = ("", "*", "ACME", "acme2", "é", "中", chr(1114111), chr(1114111) * 2 + "z")
    with warehouse("meterr_publisher") as connection:
        for tenant in strange:
            connection.execute("insert into marts.events_by_hand values (%s, %s)", [DAY, tenant])

    with reader(*granted) as connection:
        found = set(seen(connection))

    assert found == ({*TENANTS, *strange} if granted == ("*",) else set(granted))


def test_index_is_asked_for_the_readers_tenants_alone(apply: Callable, reader: Callable) -> None:
    apply(CONTRACT)
    with warehouse("meterr_publisher") as connection:
        connection.execute(
            "insert into marts.usage_by_hand select day, 'tenant_' || n"
            " from generate_series(1, 300) as n,"
            " generate_series(date '2026-01-01', '2026-02-09', '1 day') as day"
        )
        connection.execute("analyze marts.usage_by_hand")

    with reader("tenant_7") as connection:
        plan = "\n".join(
            str(row[0])
            for row in connection.execute(
                "explain (analyze, costs off) select list_cost from marts.usage_by_hand"
                " where charge_date >= '2026-01-11'"
            )
        )
    assert "Index Cond: ((tenant_id >= " in plan
    assert "Rows Removed by Filter" not in plan.split("usage_by_hand", maxsplit=1)[1]


def test_policy_of_a_mart_that_stands_is_brought_up_to_date(apply: Callable) -> None:
    apply(CONTRACT)
    with warehouse("meterr_publisher") as connection:
        connection.execute(
            "alter policy reader_sees_own_tenants on marts.usage_by_hand using (false)"
        )
        connection.execute("comment on policy reader_sees_own_tenants on marts.usage_by_hand is ''")

    apply(CONTRACT)

    with warehouse() as connection:
        rule = connection.execute(
            "select pg_get_expr(polqual, polrelid) from pg_policy"
            " where polrelid = 'marts.usage_by_hand'::regclass"
            " and polname = 'reader_sees_own_tenants'"
        ).fetchone()
    assert rule is not None
    assert "min(r.tenant_id)" in str(rule[0])


def test_analyst_can_not_grant_a_tenant_to_himself(mart: PublishedMart, reader: Callable) -> None:
    with reader("acme") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("insert into ops.reader_tenants values (current_user, '*')")


def test_auditor_sees_every_tenant(mart: PublishedMart, reader: Callable) -> None:
    with reader(role="meterr_auditor") as connection:
        assert seen(connection) == list(TENANTS)


def test_partition_addressed_directly_is_closed(mart: PublishedMart, reader: Callable) -> None:
    with reader("acme") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        seen(connection, "events_by_hand_20261114")


def test_partition_shows_nothing_even_where_default_privileges_grant_it(
    mart_by_day: PublishedMart, reader: Callable
) -> None:
    with warehouse() as connection:
        connection.execute(
            "alter default privileges for role meterr_publisher in schema marts"
            " grant select on tables to meterr_analyst"
        )
    with warehouse("meterr_publisher") as connection:
        ensure_day_partitions(connection, mart_by_day, [DAY])
        connection.execute("insert into marts.events_by_hand values (%s, 'acme')", [DAY])

    with reader("acme") as connection:
        assert seen(connection) == ["acme"]
        assert seen(connection, "events_by_hand_20261114") == []


def test_mart_without_tenants_is_open_to_every_reader(apply: Callable, reader: Callable) -> None:
    columns = tuple(c for c in CONTRACT.columns if c.name != "tenant_id")
    apply(replace(CONTRACT, columns=columns, key=("charge_date",), tenant_column=None))
    with warehouse("meterr_publisher") as connection:
        connection.execute("insert into marts.usage_by_hand values ('2026-11-14')")

    with reader() as connection:
        rows = connection.execute("select charge_date from marts.usage_by_hand").fetchall()
    assert rows == [(DAY,)]
