"""Tells whether what a run built on has moved since it looked."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.registry import load_source
from meterr_etl.steps.moved import days_of_late_moves
from meterr_etl.steps.settlements import missing_settlement_days, overtaken_settlements
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def overtaken_by(connection: Connection, run: Run) -> list[str]:
    """Return why the run must be rebuilt before it may publish; empty if it may.

    To be asked under the lock of the publish, since only publishes move what a run builds on.
    """
    reasons = []
    if _number(connection, statement(SQL_PACKAGE, "overtaken_days", run_id=_id(run))):
        reasons.append("an affected day was published by another run")
    if _number(
        connection,
        sql.SQL("select coalesce(max(reference_version), 0) <> {} from reference.changes").format(
            sql.Literal(run.reference_version)
        ),
    ):
        reasons.append("reference data changed")
    ids = statement(
        SQL_PACKAGE,
        "overtaken_ids",
        batch=run.tables.batch,
        hidden_days=date_list(hidden_days(connection, run)),
        run_no=sql.Literal(run.run_no),
        run_id=_id(run),
        base=sql.Literal(run.base_publication_no),
    )
    if _number(connection, ids):
        reasons.append("another run published an id of this one")
    if _is_owner_overtaken(connection, run):
        reasons.append("another run saw a newer owner")
    late = days_of_late_moves(connection, run, load_source(run.source))
    if set(late) - set(affected_days(connection, run)):
        reasons.append("a day that was published meanwhile names an owner who had moved")
    if missing_settlement_days(connection, run) or overtaken_settlements(connection, run):
        reasons.append("a month that it settles has moved")
    return reasons


def _is_owner_overtaken(connection: Connection, run: Run) -> bool:
    # Rebuilt, the run takes the newer of what it saw itself and what others recorded.
    for entity in load_source(run.source).entities:
        landing = run.tables.landing_entity(entity.name)
        row = connection.execute(
            "select to_regclass(%s) is not null", (landing.as_string(connection),)
        ).fetchone()
        if not (row and row[0]):
            continue
        query = statement(
            SQL_PACKAGE,
            "overtaken_owners",
            base=sql.Literal(run.base_publication_no),
            entity=sql.Literal(entity.name),
            landing=landing,
            id_column=sql.Identifier(entity.id_column),
        )
        if _number(connection, query):
            return True
    return False


def runs_ahead(connection: Connection, run: Run) -> list[str]:
    """Return the earlier runs, still at work, whose publish will overtake this one.

    A hint and no promise: one of them may fail, or be dead already.
    """
    query = statement(SQL_PACKAGE, "runs_ahead", run_no=sql.Literal(run.run_no), run_id=_id(run))
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def hidden_days(connection: Connection, run: Run) -> list[date]:
    """Return the run's affected days that no reader sees yet."""
    rows = connection.execute(
        "select event_date from ops.run_days where run_id = %s"
        " except select event_date from ops.published_days order by 1",
        (run.run_id,),
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def affected_days(connection: Connection, run: Run) -> list[date]:
    """Return every event date that the run changes."""
    rows = connection.execute(
        "select event_date from ops.run_days where run_id = %s order by 1", (run.run_id,)
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def date_list(days: list[date]) -> sql.Composable:
    """Return dates as the inside of an SQL `in (…)`; constants let the planner prune days."""
    if not days:
        return sql.SQL("null::date")
    return sql.SQL(", ").join(sql.SQL("{}::date").format(sql.Literal(str(day))) for day in days)


def _id(run: Run) -> sql.Literal:
    return sql.Literal(run.run_id)


def _number(connection: Connection, query: sql.Composed) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
