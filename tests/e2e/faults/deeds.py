"""What people and schedulers do about a night: try again, start anew, change a price."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import psycopg

from tests.e2e.faults.history import World


def change_price(world: World, model: str, token_type: str, unit_price: str) -> None:
    """Replace one rate from the beginning of time, as a new version of the reference data."""
    with psycopg.connect(world.warehouse_url) as connection:
        row = connection.execute(
            "insert into reference.changes (kind) values ('test') returning reference_version"
        ).fetchone()
        assert row is not None
        connection.execute(
            "create temp table old on commit drop as select * from reference.rates"
            " where model_id = %s and token_type = %s and processing_mode = 'sync'"
            " and service_tier = 'standard' and retired_by is null",
            (model, token_type),
        )
        connection.execute(
            "update reference.rates as r set retired_by = %s from old as o"
            " where o.rate_id = r.rate_id",
            row,
        )
        connection.execute(
            "update old set rate_id = rate_id || ' changed', unit_price = %s,"
            " reference_version = %s, retired_by = null",
            (unit_price, row[0]),
        )
        connection.execute("insert into reference.rates select * from old")


def recover(world: World, day: date, outcome: dict[str, Any]) -> None:
    """Go on as Airflow or a person would: try the step again, start anew, or leave it for later."""
    run = world.newest_run(day)
    if not (outcome.get("killed") or outcome.get("error")) or run is None:
        return
    choice = world.rng.choice(["resume", "anew", "later"])
    if choice == "later":
        return
    started = time.monotonic()
    step = _failed_step(world, run[0])
    if choice == "resume" and step != "extract":
        again = world.finish(world.resume(run[0], step))
        if again.get("error") not in (None, "ConflictError", "BusyError"):
            world.problems.append(f"resuming at {step} gave {again}")
    if not world.is_published(day):
        world.finish(world.begin(day))
    world.recovery_s = max(world.recovery_s, time.monotonic() - started)


def _failed_step(world: World, run_id: str) -> str:
    rows = world.rows(
        "select step from ops.run_steps where run_id = %s order by started_at desc, attempt desc",
        run_id,
    )
    return str(rows[0][0]) if rows else "extract"
