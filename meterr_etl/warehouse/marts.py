"""The published marts as a publish needs them: what they are called and cut by; no dbt in reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import statement, trusted_sql

SQL_PACKAGE = "meterr_etl.warehouse"
# Whoever changes what is published holds this lock of the server, one at a time.
PUBLISH_LOCK = "hashtextextended('meterr publish', 0)"


@dataclass(frozen=True)
class PublishedMart:
    """One table of schema `marts`, as the last `meterr migrate` left it.

    A mart of months names the daily mart that it sums up; `derivation` is the query that does so,
    with `{daily}` in place of the daily rows.
    """

    name: str
    date_column: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    partition_by_day: bool
    daily_mart: str | None = None
    derivation: str | None = None

    @property
    def table(self) -> sql.Identifier:
        """The published table, safe to compose into SQL."""
        return mart_table(self.name)


def derived_months(mart: PublishedMart, daily: sql.Composable) -> sql.Composed:
    """Return the query of a mart of months over the given daily rows."""
    return trusted_sql(str(mart.derivation)).format(daily=daily)


def published_marts() -> tuple[PublishedMart, ...]:
    """Return every published mart, sorted by name; one query of the ledger."""
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            "select name, date_column, array_to_json(columns), array_to_json(key),"
            " partition_by_day, daily_mart, derivation from ops.published_marts order by name"
        ).fetchall()
    return tuple(
        PublishedMart(
            str(name),
            str(day),
            _names(columns),
            _names(key),
            bool(is_cut),
            None if daily_mart is None else str(daily_mart),
            None if derivation is None else str(derivation),
        )
        for name, day, columns, key, is_cut, daily_mart, derivation in rows
    )


def ensure_day_partitions(
    connection: Connection, mart: PublishedMart, days: Iterable[date]
) -> tuple[date, ...]:
    """Attach an empty partition for each day that has none; returns the days it attached.

    Expects a connection of meterr_publisher that alone attaches to this mart. Waits for no reader
    of the mart; a mart that is not cut by day needs nothing.
    """
    if not mart.partition_by_day:
        return ()
    parent = sql.Literal(mart.table.as_string(connection))
    rows = connection.execute(statement(SQL_PACKAGE, "marts_attached", mart=parent)).fetchall()
    attached = {str(row[0]) for row in rows}
    missing = sorted(day for day in set(days) if _partition_name(mart, day) not in attached)
    for day in missing:
        name = _partition_name(mart, day)
        connection.execute(
            statement(
                SQL_PACKAGE,
                "marts_day_partition",
                mart=mart.table,
                partition=mart_table(name),
                check=sql.Identifier(f"{name}_is_of_its_day"),
                date_column=sql.Identifier(mart.date_column),
                day=sql.Literal(f"{day:%Y-%m-%d}"),
            )
        )
    return tuple(missing)


def _partition_name(mart: PublishedMart, day: date) -> str:
    return f"{mart.name}_{day:%Y%m%d}"


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()
