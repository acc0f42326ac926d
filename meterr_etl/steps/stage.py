"""Turns landed rows into the run's batch: one verdict for every row read (DESIGN §5, §6)."""

from __future__ import annotations

import logging
from datetime import date

import psycopg
from psycopg import sql

from meterr_etl.contract.verdict_sql import VerdictSql, compile_verdict
from meterr_etl.errors import ConflictError, InvariantError
from meterr_etl.ledger.runs import Metrics, Run
from meterr_etl.sources.header import Source
from meterr_etl.sources.registry import load_source
from meterr_etl.steps.affected import record_affected_days
from meterr_etl.steps.batch import Batch, create_batch, fill_batch, index_batch
from meterr_etl.steps.members import (
    create_groups,
    drop_groups,
    joined_to_groups,
    stage_members,
)
from meterr_etl.steps.removed import remove_missing
from meterr_etl.steps.seen import judge_seen_before
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement, trusted_sql

logger = logging.getLogger(__name__)
SQL_PACKAGE = "meterr_etl.steps"


def stage(run: Run, metrics: Metrics) -> None:
    """Judge every landed row and stage the new and the revised ones.

    Reads one snapshot of what is published, notes its version, and so lets the publish tell
    whether anything moved meanwhile.

    Raises:
        ConflictError: the run has no landing table.
        InvariantError: the verdicts do not add up to the rows read.
    """
    source = load_source(run.source)
    with warehouse("meterr_loader", application_name="meterr stage") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("set local work_mem = '128MB'")
        _forget_former_try(connection, run)
        _note_base(connection, run)
        verdict = map_landing(connection, run, source)
        batch = create_batch(connection, run)
        counts = _judge_rows(connection, batch, verdict)
        reread_days = _days_read(connection, run)
        index_batch(connection, batch, lambda: _settle_repeated(connection, batch, counts))
        seen = judge_seen_before(connection, run, batch, source)
        counts["unchanged"] += seen["unchanged"]
        counts["superseded"] += seen["superseded"]
        counts["revision"] = seen["revision"]
        if run.kind == "repair":
            metrics["removed"] = remove_missing(connection, run, batch, verdict)
        staged = _count(connection, batch.table)
        counts["new"] = staged - counts["revision"]
        _require_sum(counts, run)
        metrics["new_members"] = stage_members(connection, run)
        drop_groups(connection, run)
        metrics["affected_days"] = record_affected_days(connection, run, source, reread_days)
        _record_verdicts(connection, run, counts)
    metrics["rows_read"] = counts.pop("read")
    metrics["verdicts"] = counts


def _forget_former_try(connection: Connection, run: Run) -> None:
    tables = run.tables
    # A publish that was cut off may have attached this run's rows to a day that nobody sees.
    connection.execute(
        "delete from staging.token_events where run_no = %s and event_date in ("
        " select r.event_date from ops.run_days as r where r.run_id = %s"
        " except select d.event_date from ops.published_days as d)",
        (run.run_no, run.run_id),
    )
    for table in (tables.batch, tables.superseded, tables.owners, tables.skus, tables.tag_sets):
        # A former candidate of this run looks at its batch; it goes too and is built anew.
        connection.execute(sql.SQL("drop table if exists {} cascade").format(table))
    connection.execute(sql.SQL("drop view if exists {}").format(tables.mapped))
    for ledger in ("staging.dead_letters", "ops.run_verdicts", "ops.run_days"):
        connection.execute(
            sql.SQL("delete from {} where run_id = %s").format(sql.Identifier(*ledger.split("."))),
            (run.run_id,),
        )


def _note_base(connection: Connection, run: Run) -> None:
    connection.execute(
        "update ops.runs set"
        " base_publication_no = (select coalesce(max(publication_no), 0) from ops.publications),"
        " reference_version = (select coalesce(max(reference_version), 0) from reference.changes)"
        " where run_id = %s",
        (run.run_id,),
    )


def map_landing(connection: Connection, run: Run, source: Source) -> VerdictSql:
    """Create the view of the landed rows in canonical columns; returns the verdict over it.

    Raises:
        ConflictError: the run has no landing table.
    """
    tables = run.tables
    try:
        # A tenth of the usual sample tells the planner enough of a table that is read whole.
        connection.execute("set local default_statistics_target = 10")
        connection.execute(sql.SQL("analyze {}").format(tables.landing))
        connection.execute("reset default_statistics_target")
    except psycopg.errors.UndefinedTable as error:
        raise ConflictError(
            f"Run {run.run_id} has no landing table.",
            remedy="Start at `extract`: a run whose tables were swept can't be resumed.",
        ) from error
    connection.execute(sql.SQL("drop view if exists {}").format(tables.mapped))
    connection.execute(
        sql.SQL(
            "create view {} as with landed as (select l.ctid as _row, l.* from {} as l) {}"
        ).format(tables.mapped, tables.landing, trusted_sql(source.mapping))
    )
    rows = connection.execute(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 order by attnum",
        (tables.mapped.as_string(connection),),
    ).fetchall()
    return compile_verdict({str(name): str(kind) for name, kind in rows if name != "_row"})


def _judge_rows(connection: Connection, batch: Batch, verdict: VerdictSql) -> dict[str, int]:
    read = _require_whole_landing(connection, batch.run)
    create_groups(connection, batch.run, verdict)
    # Expressions have no statistics: from the few rows that the planner expects of such a join, it
    # would go on to compare each row with each group.
    connection.execute("set local enable_nestloop = off")
    connection.execute("set local enable_mergejoin = off")
    legal = fill_batch(connection, batch, verdict.by_member)
    if legal < read:
        _find_dead_rows(connection, batch.run, verdict)
    connection.execute("reset enable_nestloop")
    connection.execute("reset enable_mergejoin")
    dead = _bury_dead_letters(connection, batch.run, verdict) if legal < read else 0
    return {"read": read, "dead": dead, "unchanged": 0, "superseded": 0, "void": 0}


def _require_whole_landing(connection: Connection, run: Run) -> int:
    # Landing is unlogged: a crash of the server since `extract` has emptied it.
    landed = _count(connection, run.tables.landing)
    row = connection.execute(
        "select (metrics ->> 'rows_read')::bigint from ops.run_steps where run_id = %s"
        " and step = 'extract' and status = 'succeeded' order by attempt desc limit 1",
        (run.run_id,),
    ).fetchone()
    if row != (landed,):
        raise ConflictError(
            f"Run {run.run_id} landed {landed} rows, but its extract read {row and row[0]}.",
            remedy="Start again at `extract`: a crash of the server empties what was landed.",
        )
    return landed


def _find_dead_rows(connection: Connection, run: Run, verdict: VerdictSql) -> None:
    connection.execute(
        statement(
            SQL_PACKAGE,
            "stage_dead_rows",
            judged=joined_to_groups(run, verdict.by_member),
            is_legal=verdict.by_member.is_legal,
        )
    )


def _bury_dead_letters(connection: Connection, run: Run, verdict: VerdictSql) -> int:
    connection.execute("analyze dead_rows")
    return connection.execute(
        statement(
            SQL_PACKAGE,
            "stage_dead_letters",
            run_id=sql.Literal(run.run_id),
            source=sql.Literal(run.source),
            reasons=verdict.reasons,
            landing=run.tables.landing,
            mapped=run.tables.mapped,
        )
    ).rowcount


def _days_read(connection: Connection, run: Run) -> list[date]:
    # Rows of the look-back are no reason to rebuild a day: only what changed among them is.
    rows = connection.execute(
        sql.SQL(
            "select event_date from {} where coalesce(source_updated_at, event_at) >= %s"
            " group by event_date"
        ).format(run.tables.batch),
        (run.window.start,),
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def _settle_repeated(connection: Connection, batch: Batch, counts: dict[str, int]) -> None:
    row = connection.execute(
        statement(SQL_PACKAGE, "repeated_in_read", batch=batch.table, content=batch.content_of("b"))
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate returns one row
    counts["unchanged"] += int(str(row[0]))
    counts["superseded"] += int(str(row[1]))


def _require_sum(counts: dict[str, int], run: Run) -> None:
    total = sum(count for name, count in counts.items() if name != "read")
    if total != counts["read"]:
        raise InvariantError(
            f"Run {run.run_id} read {counts['read']} rows but judged {total}: {counts}.",
            remedy="Nothing was published; this is a defect of the pipeline, please report it.",
        )


def _record_verdicts(connection: Connection, run: Run, counts: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.run_verdicts (run_id, verdict, row_count) values (%s, %s, %s)",
            [(run.run_id, name, count) for name, count in counts.items() if name != "read"],
        )


def _count(connection: Connection, table: sql.Identifier) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return int(str(row[0])) if row else 0
