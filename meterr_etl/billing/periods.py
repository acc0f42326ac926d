"""Which billing periods are closed, which is the first open one, and what keeps it open."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from meterr_etl.errors import ConflictError, InputError
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement
from meterr_etl.window import Window

SQL_PACKAGE = "meterr_etl.billing"
MOST_NAMED = 5
Row = dict[str, Any]


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def month_parts(month: date) -> dict[str, sql.Composable]:
    """Return what the statements on one period have composed in: its bounds."""
    following = next_month(month)
    return {
        "month": _date(month),
        "next_month": _date(following),
        "starts_at": sql.Literal(Window.of_day(month).start.isoformat()) + sql.SQL("::timestamptz"),
        "ends_at": sql.Literal(Window.of_day(following).start.isoformat())
        + sql.SQL("::timestamptz"),
    }


def rows_of(connection: Connection, query: sql.Composed) -> list[Row]:
    """Return a query's rows as dictionaries."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def list_periods(connection: Connection) -> list[Row]:
    """Return one row per closed period and the first open one, with its certificate."""
    return rows_of(connection, statement(SQL_PACKAGE, "periods"))


def find_closed(connection: Connection, month: date) -> Row | None:
    """Return what the ledger says of a closed period, or None of an open one."""
    rows = rows_of(connection, statement(SQL_PACKAGE, "closed_period", month=_date(month)))
    return rows[0] if rows else None


def require_over(month: date, now: datetime) -> None:
    """Refuse a period whose last moment has not passed yet.

    Raises:
        InputError: the period is still running at `now`.
    """
    last = next_month(month) - timedelta(days=1)
    if Window.of_day(last).end > now:
        raise InputError(
            f"The billing period {month:%Y-%m} is not over yet.",
            remedy=f"Close it after {last} (UTC), when the night of that day is published.",
        )


def require_first_open(connection: Connection, month: date) -> None:
    """Refuse a period that is not the next one to be closed.

    Raises:
        ConflictError: an earlier period is open, or nothing was metered yet in this one.
    """
    row = connection.execute(
        "select billing_month from marts.billing_periods where not is_closed"
    ).fetchone()
    if row is None:
        raise ConflictError(
            f"Nothing is published that {month:%Y-%m} could bill.", remedy="See `meterr status`."
        )
    first = row[0]
    assert isinstance(first, date)  # noqa: S101 - narrows what the view's contract promises
    if first < month:
        raise ConflictError(
            f"The billing period {first:%Y-%m} is open, and it is before {month:%Y-%m}.",
            remedy=f"Close it first: `meterr period close {first:%Y-%m}`.",
        )
    if first > month:
        raise ConflictError(
            f"The billing period {month:%Y-%m} is before the first one, {first:%Y-%m}.",
            remedy="What was used earlier and arrived since is a correction there.",
        )


def require_published(connection: Connection, month: date) -> None:
    """Refuse a period while part of it is not published.

    Raises:
        ConflictError: a window is missing (never run, failed or at work), or a day is.
    """
    parts = month_parts(month)
    gaps = rows_of(connection, statement(SQL_PACKAGE, "unpublished_windows", **parts))
    if gaps:
        first = gaps[0]
        raise ConflictError(
            f"The billing period {month:%Y-%m} has windows that are not published: "
            f"{_named([_in_words(gap) for gap in gaps])}.",
            remedy=f"Publish them: `meterr backfill --source {first['source']} --start "
            f"{first['first_day']} --end {first['last_day']}`, then close it.",
        )
    days = rows_of(connection, statement(SQL_PACKAGE, "unpublished_days", **parts))
    if days:
        listed = [str(row["event_date"]) for row in days]
        raise ConflictError(
            f"The billing period {month:%Y-%m} has days that are not published, although their "
            f"windows are: {_named(listed)}.",
            remedy=f"Publish them again: `meterr backfill --start {listed[0]} --end {listed[-1]}`.",
        )


def _in_words(gap: Row) -> str:
    days = gap["first_day"]
    if gap["last_day"] != gap["first_day"]:
        days += f" to {gap['last_day']}"
    if gap["run_id"] is None:
        return f"{gap['source']} {days} (never run)"
    at_step = f" at {gap['failed_step']}" if gap["failed_step"] else ""
    return f"{gap['source']} {days} (run {gap['run_id']} is {gap['status']}{at_step})"


def _named(things: list[str]) -> str:
    more = len(things) - MOST_NAMED
    return "; ".join(things[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _date(day: date) -> sql.Composed:
    return sql.Literal(str(day)) + sql.SQL("::date")
