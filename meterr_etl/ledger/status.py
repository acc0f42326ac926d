"""What the ledger says to a person: sources, holes, days, runs, verdicts, dead letters."""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg.rows import dict_row

from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

Row = dict[str, Any]


def source_progress(connection: Connection) -> list[Row]:
    """Return one row per source: its watermark, its last window, its holes and open runs.

    The watermark is the end of the unbroken run of published windows; a hole is a stretch behind
    the last window that was tried and is not published.
    """
    return _rows(connection, "source_progress")


def recent_days(connection: Connection, limit: int) -> list[Row]:
    """Return the newest published event dates with version, events and the run behind them."""
    return _rows(connection, "recent_days", limit=limit)


def recent_runs(connection: Connection, limit: int, day: date | None = None) -> list[Row]:
    """Return the newest runs, or all runs whose window touches one UTC day, newest first."""
    return _rows(connection, "recent_runs", limit=limit, day=day)


def one_day(connection: Connection, day: date) -> list[Row]:
    """Return what is published of one event date: one row, or none."""
    return _rows(connection, "recent_days", limit=1, day=day)


def day_equations(connection: Connection, day: date) -> list[Row]:
    """Return the equations that must hold of one event date, each with both sides."""
    return _rows(connection, "day_equations", day=day)


def rederived_days(connection: Connection, limit: int) -> list[Row]:
    """Return the newest publications of days that stood before, with what made them anew."""
    return _rows(connection, "rederived_days", limit=limit)


def verdicts(connection: Connection, run_ids: list[str], *, only_notable: bool) -> list[Row]:
    """Return the gate verdicts of runs, failures first; `only_notable` leaves out what passed."""
    return _rows(connection, "verdicts", run_ids=run_ids, only_notable=only_notable)


def latest_run(connection: Connection) -> str | None:
    """Return the id of the newest run, or None in a ledger without any."""
    found = recent_runs(connection, 1)
    return str(found[0]["run_id"]) if found else None


def succeeded_steps(connection: Connection, run_id: str) -> set[str]:
    """Return the steps of a run whose last attempt succeeded."""
    return {str(row["step"]) for row in _rows(connection, "succeeded_steps", run_id=run_id)}


def dead_letter_reasons(
    connection: Connection, *, run_id: str | None, source: str | None, day: date | None
) -> list[Row]:
    """Return one row per source and reason: how many rejected rows bear it."""
    return _rows(connection, "dead_letter_reasons", run_id=run_id, source=source, day=day)


def dead_letters(
    connection: Connection, *, run_id: str | None, source: str | None, day: date | None, limit: int
) -> list[Row]:
    """Return the newest rejected rows, each with all its reasons and its raw content."""
    return _rows(connection, "dead_letters", run_id=run_id, source=source, day=day, limit=limit)


def _rows(connection: Connection, name: str, **parameters: object) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        query = statement("meterr_etl.ledger", name)
        return cursor.execute(query, {"day": None, **parameters}).fetchall()
