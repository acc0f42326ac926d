"""Finds staged rows whose id is published already and says which revision stands."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.header import Source
from meterr_etl.steps.batch import Batch
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def judge_seen_before(
    connection: Connection, run: Run, batch: Batch, source: Source
) -> dict[str, int]:
    """Remove what is unchanged or overtaken from the batch and note what it replaces.

    An id is looked for in its own day, and in other days only where the source marks the row as
    revised (or marks nothing), so that the search costs the same on a year of history.
    """
    connection.execute(
        "create temp table seen (part oid, place tid, event_date date, source_id smallint,"
        " event_key uuid, verdict text) on commit drop"
    )
    read_at = sql.Literal(run.read_at)
    days = _published_days_of(connection, batch)
    if days:
        connection.execute(
            statement(
                SQL_PACKAGE,
                "seen_own_day",
                batch=batch.table,
                batch_content=batch.content_of("b"),
                event_content=batch.content_of("e"),
                read_at=read_at,
                days=sql.SQL(", ").join(sql.Literal(day) for day in days),
            )
        )
    if _mark_revised(connection, run, batch, source):
        connection.execute(statement(SQL_PACKAGE, "seen_other_days", read_at=read_at))
    return _apply(connection, run, batch)


def _published_days_of(connection: Connection, batch: Batch) -> list[date]:
    rows = connection.execute(
        sql.SQL(
            "select d.event_date from ops.published_days as d"
            " where d.event_date in (select b.event_date from {} as b group by b.event_date)"
        ).format(batch.table)
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def _mark_revised(connection: Connection, run: Run, batch: Batch, source: Source) -> int:
    is_marked = "b.source_updated_at <> b.event_at" if source.marks_revisions else "true"
    found = connection.execute(
        statement(
            SQL_PACKAGE,
            "marked_rows",
            batch=batch.table,
            is_marked=sql.SQL(is_marked),
            window_start=sql.Literal(run.window.start),
        )
    ).rowcount
    connection.execute("analyze marked")
    return found


def _apply(connection: Connection, run: Run, batch: Batch) -> dict[str, int]:
    connection.execute(statement(SQL_PACKAGE, "settle_seen"))
    rows = connection.execute(
        "select verdict, count(distinct (part, place)) from seen group by verdict"
    ).fetchall()
    connection.execute(
        sql.SQL(
            "delete from {} as b using seen as s"
            " where b.tableoid = s.part and b.ctid = s.place and s.verdict <> 'revision'"
        ).format(batch.table)
    )
    connection.execute(
        sql.SQL(
            "insert into {} (event_date, source_id, event_key)"
            " select event_date, source_id, event_key from seen where verdict = 'revision'"
        ).format(run.tables.superseded)
    )
    counts = {str(verdict): int(str(count)) for verdict, count in rows}
    return {name: counts.get(name, 0) for name in ("unchanged", "superseded", "revision")}
