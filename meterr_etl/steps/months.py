"""Derives the months that a run changes, from the totals as they will stand once it is published.

Only under the lock of the publish are these known, so it is done there, before the publish's
transaction, into tables of the run's candidate (DESIGN §3).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Metrics, Run
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import PublishedMart, derived_months
from meterr_etl.warehouse.statements import column_list, statement
from meterr_etl.window import every_day_of_month

SQL_PACKAGE = "meterr_etl.steps"
READERS = ("meterr_loader", "meterr_publisher")
# A month's sums fit into this memory; with PostgreSQL's default they spill to disk.
WORK_MEM = "128MB"
MONTH_OF_DAY = sql.SQL("date_trunc('month', u.charge_date::timestamp)::date")


@dataclass(frozen=True)
class ChangedDays:
    """A run's affected days: those that nobody has published yet, and those that stand."""

    new: list[date]
    standing: list[date]

    @property
    def months(self) -> list[date]:
        """The first days of the months that they are of."""
        return sorted({day.replace(day=1) for day in (*self.new, *self.standing)})

    @property
    def others(self) -> list[date]:
        """Every other day of these months."""
        affected = {*self.new, *self.standing}
        days = (day for month in self.months for day in every_day_of_month(month))
        return [day for day in days if day not in affected]


def derive_months(run: Run, days: ChangedDays, marts: Iterable[PublishedMart]) -> Metrics:
    """Create, per mart of months, the rows that change and the keys that are summed up anew.

    Must be called under the publish's lock; a second call replaces what the first one left.
    """
    started = time.monotonic()
    by_name = {mart.name: mart for mart in marts}
    rows = {}
    with warehouse("meterr_transformer", application_name="meterr months") as connection:
        connection.execute(sql.SQL("set local work_mem = {}").format(sql.Literal(WORK_MEM)))
        for mart in by_name.values():
            if mart.daily_mart:
                parts = _parts(run, days, mart, by_name[mart.daily_mart])
                rows[mart.name] = _derive(connection, run, mart, parts)
    return {"month_rows": rows, "months_s": round(time.monotonic() - started, 3)}


def _derive(
    connection: Connection, run: Run, mart: PublishedMart, parts: Mapping[str, sql.Composable]
) -> int:
    moved, derived = run.tables.moved_months(mart.name), run.tables.candidate_table(mart.name)
    connection.execute(sql.SQL("drop table if exists {}, {}").format(moved, derived))
    connection.execute(statement(SQL_PACKAGE, "months_moved", **parts))
    connection.execute(sql.SQL("analyze {}").format(moved))
    daily_rows = sql.SQL("({})").format(statement(SQL_PACKAGE, "months_derived", **parts))
    rows = connection.execute(
        sql.SQL("create unlogged table {} as {}").format(derived, derived_months(mart, daily_rows))
    ).rowcount
    connection.execute(sql.SQL("analyze {}").format(derived))
    readers = sql.SQL(", ").join(sql.Identifier(role) for role in READERS)
    connection.execute(sql.SQL("grant select on {}, {} to {}").format(moved, derived, readers))
    return rows


def _parts(
    run: Run, days: ChangedDays, mart: PublishedMart, daily: PublishedMart
) -> dict[str, sql.Composable]:
    key = tuple(name for name in mart.key if name != mart.date_column)
    month_columns = tuple(
        "last_charge_date" if name == daily.date_column else name for name in daily.columns
    )
    return {
        "moved": run.tables.moved_months(mart.name),
        "months": mart.table,
        "published": daily.table,
        "built": run.tables.candidate_table(daily.name),
        "columns": column_list(daily.columns, alias="u"),
        "month_columns": column_list(month_columns, alias="m"),
        "key": column_list(key, alias="u"),
        "changed_key": column_list(key, alias="c"),
        "month_key": column_list(key, alias="m"),
        "day_is_moved": _alike("k", "u", key, MONTH_OF_DAY),
        "day_is_of_month": _alike("m", "u", key, MONTH_OF_DAY),
        "month_is_moved": _alike("k", "m", key, sql.SQL("m.billing_month")),
        "new_days": _dates(days.new),
        "standing_days": _dates(days.standing),
        "other_days": _dates(days.others),
        "affected_months": _dates(days.months),
        "repaired_months": _dates(days.months if run.kind == "repair" else []),
    }


def _alike(
    month: str, other: str, key: tuple[str, ...], month_of_other: sql.Composable
) -> sql.Composed:
    same = [
        sql.SQL("{} = {}").format(sql.Identifier(month, name), sql.Identifier(other, name))
        for name in key
    ]
    by_month = sql.SQL("{} = {}").format(sql.Identifier(month, "billing_month"), month_of_other)
    return sql.SQL(" and ").join([by_month, *same])


def _dates(days: list[date]) -> sql.Composed:
    return sql.SQL("{}::date[]").format(sql.Literal([str(day) for day in days]))
