"""Lands what arrived at a source in a window, in tables that only this run owns."""

from __future__ import annotations

import logging
from datetime import datetime

from psycopg import sql

from meterr_etl.errors import SourceMismatchError
from meterr_etl.ledger.runs import Metrics, Run
from meterr_etl.ledger.windows import published_since
from meterr_etl.settings import settings
from meterr_etl.sources.header import Entity, Source
from meterr_etl.sources.plan import (
    LandingPlan,
    actual_columns,
    cursor_predicate,
    happened_predicate,
    plan_columns,
)
from meterr_etl.sources.registry import load_source
from meterr_etl.steps.pipe import pipe_rows
from meterr_etl.warehouse.connection import Connection, source_database, warehouse

logger = logging.getLogger(__name__)


def extract(run: Run, metrics: Metrics) -> None:
    """Copy the window and its published look-back from the source into landing.

    Raises:
        SourceMismatchError: the source has no such table.
        SourceUnavailableError: the source did not answer or stopped answering.
    """
    source = load_source(run.source)
    with (
        source_database(run.source, settings().for_source(run.source)) as origin,
        warehouse("meterr_loader", application_name="meterr extract") as target,
    ):
        plan = plan_columns(source, actual_columns(origin, source.schema_name, source.table))
        if run.kind == "repair":
            read_from, chosen = run.window.start, happened_predicate(plan, run.window)
        else:
            read_from = published_since(target, run.source, run.window, source.lookback)
            chosen = cursor_predicate(plan, read_from, run.window.end)
        metrics.update(_described(source, plan, read_from))
        metrics["rows_read"] = _land_events(run, plan, chosen, origin=origin, target=target)
        metrics["entities_read"] = land_entities(run, source, origin=origin, target=target)
        _note_read_time(run, origin, target)
    logger.info("extract: landed %s rows of %s", metrics["rows_read"], run.window)


def land_entities(
    run: Run, source: Source, *, origin: Connection, target: Connection
) -> dict[str, int | str]:
    """Copy the source's dimensions as they are now; returns the rows of each, or 'absent'."""
    return {
        entity.name: _land_entity(run, source, entity, origin, target) for entity in source.entities
    }


def _described(source: Source, plan: LandingPlan, read_from: datetime) -> Metrics:
    return {
        "cursor_columns": [source.cursor_column, source.cursor_fallback],
        # A counter may be null in a sound row: that says "not reported".
        "watched_columns": sorted(
            name
            for name in source.required
            if source.columns[name] not in {"bigint", "integer", "numeric"}
        ),
        "read_from": read_from.isoformat(),
        "columns_missing": list(plan.columns_missing),
        "columns_retyped": dict(plan.columns_retyped),
        "columns_unknown": list(plan.columns_unknown),
        "mapping_lines": dict(plan.mapping_lines),
    }


def _land_events(
    run: Run, plan: LandingPlan, chosen: sql.Composable, *, origin: Connection, target: Connection
) -> int:
    table = run.tables.landing
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.landed_type))
        for column in plan.columns
    )
    target.execute(sql.SQL("drop table if exists {} cascade").format(table))
    target.execute(sql.SQL("create unlogged table {} ({})").format(table, columns))
    query = sql.SQL("select {} from {} where {}").format(
        sql.SQL(", ").join(column.expression for column in plan.columns),
        sql.Identifier(plan.source.schema_name, plan.source.table),
        chosen,
    )
    return pipe_rows(origin, query, target, table)


def _land_entity(
    run: Run, source: Source, entity: Entity, origin: Connection, target: Connection
) -> int | str:
    table = run.tables.landing_entity(entity.name)
    target.execute(sql.SQL("drop table if exists {} cascade").format(table))
    try:
        actual = actual_columns(origin, source.schema_name, entity.table)
    except SourceMismatchError as error:
        # Names are a comfort, not a condition: events go on under their ids.
        logger.warning("extract: %s", error)
        return "absent"
    # Logged, unlike the events: a crash that emptied it would publish days without owners.
    target.execute(
        sql.SQL("create table {} ({})").format(
            table,
            sql.SQL(", ").join(
                sql.SQL("{} text").format(sql.Identifier(name)) for name in entity.columns
            ),
        )
    )
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(name))
            if name in actual
            else sql.SQL("null::text")
            for name in entity.columns
        ),
        sql.Identifier(source.schema_name, entity.table),
    )
    return pipe_rows(origin, query, target, table)


def _note_read_time(run: Run, origin: Connection, target: Connection) -> None:
    row = origin.execute("select transaction_timestamp()").fetchone()
    target.execute(
        "update ops.runs set read_at = %s where run_id = %s", (row[0] if row else None, run.run_id)
    )
