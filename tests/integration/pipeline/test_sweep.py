"""What a run that is over leaves is dropped; what a person may still look at is kept."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.errors import GateFailedError
from meterr_etl.window import Window

from .conftest import DAY, SourceTables, Warehouse, next_day

Night = Callable[..., str]


def tables_of(warehouse: Warehouse, run_id: str) -> int:
    return int(
        str(
            warehouse.value(
                f"select (select count(*) from pg_class where relname like '%\\_\\_{run_id}')"
                f" + (select count(*) from pg_namespace where nspname = 'candidate_{run_id}')"
            )
        )
    )


def test_red_run_stays_for_inspection_until_its_window_runs_again(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY, model="mystery-9")
    with pytest.raises(GateFailedError):
        night(DAY)
    red = str(warehouse.value("select run_id from ops.runs"))
    night(next_day())
    assert tables_of(warehouse, red) > 0
    source.execute("update public.token_usage set model = 'gpt-4o'")
    night(DAY)
    assert tables_of(warehouse, red) == 0


def test_killed_run_is_abandoned_and_swept_by_the_next(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    killed = pipeline.extract("supabase", Window.of_day(DAY), trigger="test")
    with psycopg.connect(warehouse.url) as connection:
        # What `kill -9` leaves: a step that says it is running, and nobody who holds its lock.
        connection.execute(
            "insert into ops.run_steps (run_id, step, attempt, status)"
            " values (%s, 'stage', 1, 'running')",
            (killed,),
        )
    night(DAY)
    assert warehouse.value(f"select status from ops.runs where run_id = '{killed}'") == "abandoned"
    assert tables_of(warehouse, killed) == 0


def test_run_between_two_of_its_steps_is_left_alone(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    waiting = pipeline.extract("supabase", Window.of_day(DAY), trigger="test")
    night(DAY)
    assert tables_of(warehouse, waiting) > 0
    pipeline.resume(waiting, after="extract")
    assert warehouse.value("select count(*) from staging.published_events") == 1
