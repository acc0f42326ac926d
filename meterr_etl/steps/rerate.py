"""Prepares a run that rebuilds published days from their events; it reads and stages nothing."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.ledger.changes import latest_version
from meterr_etl.ledger.runs import Metrics, Run
from meterr_etl.steps.batch import create_batch
from meterr_etl.steps.settlements import record_settlement_days
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"
MEMBERS = ("owners", "skus", "tag_sets")


def choose_days(run: Run, days: list[date]) -> None:
    """Record which days a re-rating changes."""
    with warehouse("meterr_loader", application_name="meterr reprice") as connection:
        connection.execute(
            "insert into ops.run_days (run_id, event_date, base_version, cause)"
            " select %s, d.event_date, d.version, 'rate' from ops.published_days as d"
            " where d.event_date = any (%s)",
            (run.run_id, days),
        )


def restage(run: Run, metrics: Metrics) -> None:
    """Give the run an empty batch and note what it builds on, as `stage` does for a window.

    Raises:
        ConflictError: a day that it re-rates is not published any more.
    """
    with warehouse("meterr_loader", application_name="meterr reprice") as connection:
        tables = run.tables
        for table in (tables.batch, tables.superseded, *(tables.members(kind) for kind in MEMBERS)):
            connection.execute(sql.SQL("drop table if exists {} cascade").format(table))
        create_batch(connection, run)
        for kind in MEMBERS:
            connection.execute(
                sql.SQL("create table {} (like {})").format(
                    tables.members(kind), sql.Identifier("staging", kind)
                )
            )
        record_settlement_days(connection, run)
        metrics["affected_days"] = _note_base(connection, run)


def cost_changes(
    run: Run, tenant_id: str | None, *, first: date = date.min, last: date = date.max
) -> list[dict[str, object]]:
    """Return what the candidate changes of these days' published cost, per tenant and currency."""
    return _rows(
        statement(
            SQL_PACKAGE,
            "rerated_costs",
            run_id=sql.Literal(run.run_id),
            lines=run.tables.candidate_table("fct_usage_cost_daily"),
            tenant_id=sql.Literal(tenant_id),
            first=sql.Literal(first),
            last=sql.Literal(last),
        )
    )


def allocation_changes(
    run: Run, tenant_id: str | None, *, first: date = date.min, last: date = date.max
) -> list[dict[str, object]]:
    """Return what the candidate changes of what a tenant's owners bear, per owner and pool."""
    return _rows(
        statement(
            SQL_PACKAGE,
            "allocation_changes",
            run_id=sql.Literal(run.run_id),
            allocated=run.tables.candidate_table("fct_allocated_cost_daily"),
            tenant_id=sql.Literal(tenant_id),
            first=sql.Literal(first),
            last=sql.Literal(last),
        )
    )


def _rows(query: sql.Composed) -> list[dict[str, object]]:
    with warehouse("meterr_publisher", application_name="meterr reprice") as connection:
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _note_base(connection: Connection, run: Run) -> int:
    days = connection.execute(
        "update ops.run_days as r set base_version = d.version from ops.published_days as d"
        " where r.run_id = %s and r.event_date = d.event_date",
        (run.run_id,),
    ).rowcount
    row = connection.execute(
        "select count(*) from ops.run_days where run_id = %s", (run.run_id,)
    ).fetchone()
    if row != (days,):
        raise ConflictError(
            f"Run {run.run_id} re-rates days that are not published any more.",
            remedy="Start the re-rating again.",
        )
    connection.execute(
        "update ops.runs set reference_version = %s, base_publication_no ="
        " (select coalesce(max(publication_no), 0) from ops.publications) where run_id = %s",
        (latest_version(connection), run.run_id),
    )
    return days
