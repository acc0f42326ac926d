"""Drops the tables of runs that are over: published, replaced by a newer one, or killed."""

from __future__ import annotations

import logging
from datetime import timedelta

import psycopg
from psycopg import sql

from meterr_etl.ledger.runs import Run, run_lock
from meterr_etl.settings import settings
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)

# A dump may hold any table for hours: what can't be dropped now is dropped by a later run.
DROP_LOCK_TIMEOUT = "2s"
# Between two of its steps a run has no process; after this long nobody will go on with it.
IDLE_AFTER = timedelta(hours=12)


def discard_tables(run_id: str) -> int:
    """Drop every table, view and schema that bears a run's id; returns how many went.

    What another session holds is left for a later sweep.
    """
    dropped = 0
    with warehouse("meterr_publisher", autocommit=True) as connection:
        connection.execute(sql.SQL("set lock_timeout = {}").format(sql.Literal(DROP_LOCK_TIMEOUT)))
        for drop in _drops(connection, run_id):
            try:
                connection.execute(drop)
                dropped += 1
            except psycopg.errors.LockNotAvailable as error:
                logger.info("sweep: left for later: %s", error)
    return dropped


def sweep_former_runs(run: Run) -> list[str]:
    """Drop what former runs left: those of the same window that failed, and any that is dead.

    A red run's tables stay for inspection until its window's next run, or for
    `keep_failed_days`. Returns the ids of the swept runs.
    """
    with warehouse("meterr_publisher", autocommit=True) as connection:
        _mark_killed(connection)
        rows = connection.execute(
            statement(
                "meterr_etl.steps",
                "swept_runs",
                run_id=sql.Literal(run.run_id),
                source=sql.Literal(run.source),
                window_start=sql.Literal(run.window.start),
                window_end=sql.Literal(run.window.end),
                keep_days=sql.Literal(settings().keep_failed_days),
            )
        ).fetchall()
        dead = [str(row[0]) for row in rows if _is_idle(connection, str(row[0]))]
    for run_id in dead:
        discard_tables(run_id)
    return dead


def _mark_killed(connection: Connection) -> None:
    rows = connection.execute(
        "select distinct r.run_id from ops.runs as r left join ops.run_steps as s"
        " on r.run_id = s.run_id where r.status = 'running'"
        " group by r.run_id having bool_or(s.status = 'running')"
        " or max(coalesce(s.finished_at, r.started_at)) < clock_timestamp() - %s",
        (IDLE_AFTER,),
    ).fetchall()
    for (run_id,) in rows:
        if _is_idle(connection, str(run_id)):
            connection.execute(
                "update ops.runs set status = 'abandoned', finished_at = clock_timestamp(),"
                " error = 'the process was killed' where run_id = %s and status = 'running'",
                (run_id,),
            )


def _is_idle(connection: Connection, run_id: str) -> bool:
    lock = run_lock(run_id)
    row = connection.execute(sql.SQL("select pg_try_advisory_lock({})").format(lock)).fetchone()
    if not (row and row[0]):
        return False
    connection.execute(sql.SQL("select pg_advisory_unlock({})").format(lock))
    return True


def _drops(connection: Connection, run_id: str) -> list[sql.Composed]:
    rows = connection.execute(
        "select n.nspname, c.relname, c.relkind = 'v' from pg_class as c"
        " inner join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname in ('landing', 'staging', 'ops') and c.relkind in ('r', 'p', 'v')"
        " and not c.relispartition and c.relname like %s order by c.relkind <> 'v'",
        (f"%\\_\\_{run_id}",),
    ).fetchall()
    drops = [
        sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(f"candidate_{run_id}"))
    ]
    for schema, name, is_view in rows:
        kind = sql.SQL("view" if is_view else "table")
        drops.append(
            sql.SQL("drop {} if exists {} cascade").format(
                kind, sql.Identifier(str(schema), str(name))
            )
        )
    return drops
