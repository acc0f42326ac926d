"""Tells whether a run's candidate still is what its transform built."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection


def require_whole_candidate(connection: Connection, run: Run) -> None:
    """Refuse a candidate that is gone, or that a crash of the server since has emptied.

    Candidates are unlogged.

    Raises:
        ConflictError: it does not hold the days that the run changes.
    """
    table = run.tables.candidate_table("affected_days")
    found = connection.execute(
        "select to_regclass(%s) is not null", (table.as_string(connection),)
    ).fetchone()
    is_whole = found == (True,)
    if is_whole:
        row = connection.execute(
            sql.SQL(
                "select (select count(*) from {})"
                " = (select count(*) from ops.run_days as r where r.run_id = {})"
            ).format(table, sql.Literal(run.run_id))
        ).fetchone()
        is_whole = row == (True,)
    if not is_whole:
        raise ConflictError(
            f"The candidate of run {run.run_id} is gone or was emptied by a crash of the server.",
            remedy=f"Clear the run from `extract`, or run the window {run.window} again.",
        )
