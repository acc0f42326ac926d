"""Reads the monthly reports from the marts, of the tenants that the login may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from meterr_etl.reports.charts import Bar, Part
from meterr_etl.reports.kinds import ReportKind
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.reading import reader, reads_no_tenant
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.reports"
Row = dict[str, Any]


@dataclass(frozen=True)
class MonthlyReport:
    """One month as a reader sees it; costs are `Decimal`, null where nothing has a price.

    `is_hidden` where the login reads no tenant.
    """

    kind: ReportKind
    month: date
    tenant: str | None
    rows: Sequence[Row]
    is_closed: bool
    published_days: int
    days: int
    is_hidden: bool

    @property
    def title(self) -> str:
        """Kind, month and tenant in a few words."""
        of_tenant = f" of {self.tenant}" if self.tenant else ""
        return f"{self.kind.value.capitalize()} {self.month:%Y-%m}{of_tenant}"

    def charts(self) -> dict[str, list[Bar]]:
        """Return the bars of each currency, in the order of the rows."""
        found: dict[str, list[Bar]] = {}
        for row in self.rows:
            found.setdefault(row["billing_currency"], []).append(BARS[self.kind](row))
        return found

    def notes(self) -> list[str]:
        """Return what a reader must know to read it right."""
        told = [f"{self.published_days} of {self.days} days are published."]
        if self.kind is ReportKind.CHARGEBACK:
            told.append(CLOSED if self.is_closed else OPEN)
        if self.kind is ReportKind.SAVINGS:
            told.append(EXCLUSIVE)
        return told


CLOSED = (
    "The billing period is closed: direct costs are as billed. Pools are distributed by the "
    "days as they are published now."
)
OPEN = "The billing period is open: its charges may still change."
EXCLUSIVE = (
    "Each line is what the same usage would have cost by the rate book of its day. Lines of two "
    "kinds exclude each other: they do not add up."
)


def read_report(kind: ReportKind, month: date, *, tenant: str | None = None) -> MonthlyReport:
    """Read one month's report: METERR_ANALYST_URL, else the warehouse as meterr_analyst.

    Args:
        kind: which report.
        month: first day of the month.
        tenant: only this one.

    Raises:
        WarehouseUnavailableError: the server can't be reached or refused the login.
    """
    asked = _asked(month, tenant)
    with reader(f"meterr report {kind}") as connection:
        connection.execute("set local jit = off")
        rows = _rows(connection, statement(SQL_PACKAGE, kind.value, **asked))
        (covered,) = _rows(connection, statement(SQL_PACKAGE, "coverage", **asked))
        is_hidden = not rows and reads_no_tenant(connection)
    return MonthlyReport(kind, month, tenant, rows, is_hidden=is_hidden, **covered)


def _asked(month: date, tenant: str | None) -> dict[str, sql.Composable]:
    return {
        "month": _date(month),
        "former_month": _date((month - timedelta(days=1)).replace(day=1)),
        "next_month": _date((month + timedelta(days=31)).replace(day=1)),
        "tenant": sql.Literal(tenant) + sql.SQL("::text"),
    }


def _date(day: date) -> sql.Composable:
    return sql.Literal(str(day)) + sql.SQL("::date")


def _rows(connection: Connection, query: sql.Composed) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _charged(row: Mapping[str, Any]) -> Bar:
    parts = [Part(name, row[f"{name}_cost"]) for name in ("direct", "allocated", "correction")]
    return Bar(f"{row['team_name']}, {row['cost_center']}", parts, row["total_cost"])


def _budgeted(row: Mapping[str, Any]) -> Bar:
    label = f"{row['budget']}, {row['scope']} {row['scope_id']}"
    spent = row["cost_to_date"]
    return Bar(label, [Part("to date", spent)], spent, mark=row["budget_cost"])


def _saved(row: Mapping[str, Any]) -> Bar:
    label = f"{row['team_name']}, {row['feature']}, {row['model']} ({row['saving_kind']})"
    saved = row["saved_list_cost"]
    return Bar(label, [Part("saving", saved)], saved)


BARS: Mapping[ReportKind, Callable[[Mapping[str, Any]], Bar]] = {
    ReportKind.CHARGEBACK: _charged,
    ReportKind.BUDGET: _budgeted,
    ReportKind.SAVINGS: _saved,
}
