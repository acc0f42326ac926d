"""Builds the marts of the days that a run changes, in a schema that only this run owns."""

from __future__ import annotations

import logging
import time

from psycopg import sql

from meterr_etl.allocation.versions import HeldRules
from meterr_etl.ledger.runs import Metrics, Run, load_run, set_rebuild_due
from meterr_etl.steps.overtaken import runs_ahead
from meterr_etl.steps.transform_allocation import create_pools, fill_shares
from meterr_etl.steps.transform_inputs import create_inputs
from meterr_etl.steps.transform_slot import Slot, claimed_slot
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts_dbt import Built, Place, build_tables
from meterr_etl.warehouse.names import RunTables

logger = logging.getLogger(__name__)

READERS = ("meterr_loader", "meterr_publisher")


def transform(run_id: str) -> Metrics:
    """Build the candidate of a run anew; returns what was built and how long it took.

    Works in a slot (a schema of a fixed name, whose parse of the dbt project is kept) and renames
    it when all of it stands, so that a schema `candidate_<run>` is always a whole one. What a
    failed build left stays in the slot until its next use.

    Raises:
        BuildFailedError: dbt could not build a model, or a data test failed.
        ConflictError: the run staged nothing, or the ledger does not know it.
    """
    run = load_run(run_id)
    with claimed_slot() as slot:
        metrics: Metrics = {"slot": slot.schema, "slot_waited_s": slot.waited_s}
        started = time.monotonic()
        metrics |= create_inputs(slot.connection, run, slot.schema)
        held = create_pools(slot.connection, run, slot.schema)
        metrics["inputs_s"] = round(time.monotonic() - started, 3)
        metrics |= _build(slot, held)
        _hand_over(slot, run.tables)
    logger.info(
        "transform: built %s models of %s days in %s s",
        metrics["models"],
        metrics["affected_days"],
        metrics["dbt_s"],
    )
    return metrics


def left_to_publish(run: Run) -> list[str]:
    """Note whether the run's build would be thrown away; returns the runs that would cause it.

    An earlier run, still at work on a day of this one, moves that day once it is published. This
    run's publish then stages, builds and judges it in any case, so it is not done twice (decision
    43). What is compared before it is published, if ever, is always built.
    """
    if run.kind in ("what_if", "reprice"):
        return []
    with warehouse("meterr_loader") as connection:
        ahead = runs_ahead(connection, run)
    set_rebuild_due(run, is_due=bool(ahead))
    return ahead


def discard_candidate(run_id: str) -> None:
    """Drop what a run built; nothing happens where nothing stands."""
    with warehouse("meterr_transformer", application_name="meterr discard") as connection:
        _drop_candidate(connection, f"candidate_{run_id}")


def _build(slot: Slot, held: list[HeldRules]) -> Metrics:
    started = time.monotonic()
    place = Place(slot.target, slot.schema)
    if held:
        # Who bears what is known once the day's costs are summed up, and then the rest is built.
        built = build_tables(place, "tag:candidate", exclude="tag:allocation")
        shares = fill_shares(slot.connection, slot.schema, held)
        built += build_tables(place, "tag:allocation")
    else:
        built, shares = build_tables(place, "tag:candidate"), 0
    return {
        "models": sum(node.kind == "model" for node in built),
        "data_tests": sum(node.kind == "test" for node in built),
        "rows": _rows(built),
        "allocation_shares": shares,
        "dbt_s": round(time.monotonic() - started, 3),
    }


def _rows(built: tuple[Built, ...]) -> dict[str, int]:
    return {
        node.name: node.rows for node in built if node.kind == "model" and node.rows is not None
    }


def _hand_over(slot: Slot, tables: RunTables) -> None:
    candidate = sql.Identifier(tables.candidate)
    with slot.connection.transaction():
        _drop_candidate(slot.connection, tables.candidate)
        slot.connection.execute(
            sql.SQL("alter schema {} rename to {}").format(sql.Identifier(slot.schema), candidate)
        )
        readers = sql.SQL(", ").join(sql.Identifier(role) for role in READERS)
        slot.connection.execute(
            sql.SQL("grant usage on schema {} to {}").format(candidate, readers)
        )
        slot.connection.execute(
            sql.SQL("grant select on all tables in schema {} to {}").format(candidate, readers)
        )


def _drop_candidate(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
