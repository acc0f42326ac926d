"""Damage that no night could see, done when all nights are published, and healed by a sweep."""

from __future__ import annotations

import json

import psycopg

from meterr_etl import maintenance
from tests.e2e.faults.history import World


def damaged_and_swept(world: World) -> None:
    """Rows vanish and appear in windows that were read; a partition or a mart day is deleted."""
    for _ in range(world.rng.randrange(1, 3)):
        _delete_row(world)
    world.source.add_events(world.rng.choice(world.days), world.rng.randrange(3))
    if world.rng.random() < 0.7:
        _delete_by_hand(world)
    outcome = world.finish(world.work("sweep", _sweep))
    if outcome.get("error"):
        world.problems.append(f"the sweep failed: {outcome}")
    again = world.finish(world.work("sweep again", _sweep))
    if again.get("run_id") != "[]":
        world.problems.append(f"a second sweep found {again}")


def _sweep() -> str:
    done = maintenance.sweep("supabase", trigger="test")
    return json.dumps([[str(day.day), day.outcome, day.why] for day in done])


def _delete_row(world: World) -> None:
    # A day that the source holds nothing of any more is left alone, so one row stays.
    with psycopg.connect(world.source_url) as source:
        rows = source.execute(
            "select min(id::text), (created_at at time zone 'UTC')::date from public.token_usage"
            " where output_tokens >= 0 group by 2 having count(distinct id) > 2 order by 2"
        ).fetchall()
        if rows:
            event, day = world.rng.choice(rows)
            source.execute("delete from public.token_usage where id::text = %s", (event,))
            world.told.append(f"deleted an event of {day} at the source")


def _delete_by_hand(world: World) -> None:
    day = world.rng.choice(world.days)
    damage = world.rng.choice(
        [
            f"drop table if exists staging.token_events_{day:%Y%m%d}",
            f"delete from staging.token_events where event_date = '{day}'",
            f"delete from marts.usage_by_team_daily where charge_date = '{day}'",
            f"delete from marts.fct_usage_cost_daily where charge_date = '{day}'",
        ]
    )
    world.told.append(damage)
    with psycopg.connect(world.warehouse_url) as connection:
        if "usage_by_team_daily" in damage:
            # No publish can put on record what a person takes away.
            connection.execute(
                "insert into witness.first_costs select charge_date, tenant_id, cost_center,"
                " -effective_cost from marts.usage_by_team_daily where charge_date = %s",
                (day,),
            )
        connection.execute(damage)  # type: ignore[call-overload]
