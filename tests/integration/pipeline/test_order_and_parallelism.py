"""The marts are the same whatever the order and the parallelism of the nights (DESIGN §7.2)."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import psycopg
import pytest

from meterr_etl import nights, pipeline
from meterr_etl.errors import GateFailedError
from meterr_etl.seed import seed_source
from meterr_etl.window import daily_windows
from tests.conftest import PostgresServer

from .conftest import DAY, SourceTables, Warehouse, next_day

LAST = next_day(days=6)
BUILD = ("gate_landing", "stage", "gate_staging", "transform", "gate_marts")


def _night(day: date) -> str:
    return pipeline.run_window("supabase", next(daily_windows(day, day)), trigger="test")


def test_seven_days_in_reverse_three_at_a_time_give_the_same_marts(
    source: SourceTables, warehouse: Warehouse
) -> None:
    seed_source(source.url, first_day=DAY, days=7, events_per_day=400)
    days = [next_day(days=n) for n in range(7)]
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(_night, reversed(days)))
    parallel = warehouse.digest()
    assert warehouse.value("select count(*) from ops.windows") == 7

    _empty_warehouse(warehouse)
    outcome = nights.backfill("supabase", DAY, LAST)
    assert [value for value in outcome.values() if isinstance(value, Exception)] == []
    assert warehouse.digest() == parallel
    assert warehouse.value("select count(*) from marts.fct_usage_cost_daily") != 0


def _empty_warehouse(warehouse: Warehouse) -> None:
    with psycopg.connect(warehouse.url) as connection:
        names = connection.execute("select name from ops.published_marts").fetchall()
        marts = ", ".join(f"marts.{name}" for (name,) in names)
        connection.execute(
            f"truncate {marts}, staging.token_events, staging.token_event_revisions,"  # type: ignore[arg-type]
            " staging.owners, staging.skus, staging.tag_sets, staging.marked_ids,"
            " reference.source_dimensions, ops.runs cascade"
        )


def test_day_that_fails_holds_back_nothing_but_itself(
    source: SourceTables, warehouse: Warehouse
) -> None:
    for n in range(3):
        source.add_event(next_day(days=n), model="mystery-9" if n == 1 else "gpt-4o")
    outcome = nights.backfill("supabase", DAY, next_day(days=2), parallel=2)
    failed = [str(window) for window, value in outcome.items() if isinstance(value, Exception)]
    assert failed == [str(next_day())]
    assert warehouse.value("select count(*) from ops.windows") == 2


def test_overtaken_run_is_rebuilt_and_loses_nothing(
    source: SourceTables, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.add_event(DAY, hour=1)
    window = next(daily_windows(DAY, DAY))
    slow = pipeline.extract("supabase", window, trigger="test")
    for step in pipeline.STEPS[1:6]:
        pipeline.run_step(step, slow)
    source.add_event(DAY, hour=2)
    _night(DAY)
    metrics = pipeline.run_step("publish", slow)
    assert metrics["rebuilt_because"] == ["an affected day was published by another run"]
    assert warehouse.value("select count(*) from staging.published_events") == 2
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 2


def _steps(run_id: str, *steps: str) -> dict[str, object]:
    metrics: dict[str, object] = {}
    for step in steps:
        metrics = pipeline.run_step(step, run_id)
    return metrics


def test_run_leaves_its_build_to_the_publish_while_an_earlier_run_changes_the_same_day(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY, hour=1)
    first, second = _two_runs_of(DAY)
    _steps(first, *BUILD)
    assert _steps(second, *BUILD[:-1])["left_to_publish_of_days_shared_with"] == [first]
    assert (
        _steps(second, "gate_marts")["outcome"] == "left to the publish, which builds these marts"
    )
    _steps(first, "publish")
    metrics = _steps(second, "publish")
    assert metrics["rebuilt_because"] == ["an affected day was published by another run"]
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 1


def test_build_that_was_left_is_made_by_the_publish_though_the_earlier_run_failed(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY, hour=1)
    first, second = _two_runs_of(DAY)
    _steps(first, *BUILD[:2])
    _steps(second, *BUILD)
    warehouse.change(f"update ops.runs set status = 'failed' where run_id = '{first}'")
    assert _steps(second, "publish")["rebuilt_gate_marts"]
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 1


def test_run_builds_beside_an_earlier_one_of_other_days(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY)
    source.add_event(next_day())
    first = pipeline.extract("supabase", next(daily_windows(DAY, DAY)), trigger="test")
    _steps(first, *BUILD[:2])
    second = pipeline.extract(
        "supabase", next(daily_windows(next_day(), next_day())), trigger="test"
    )
    assert "models" in _steps(second, *BUILD[:-1])


def test_rebuild_found_red_is_not_published_by_the_next_attempt(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY, hour=1)
    source.add_event(DAY, hour=2, model="mystery-9")
    first, second = _two_runs_of(DAY)
    _steps(first, *BUILD[:2])
    _steps(second, *BUILD)
    for _ in range(2):
        with pytest.raises(GateFailedError):
            _steps(second, "publish")
    assert warehouse.value("select count(*) from ops.published_days") == 0


def _two_runs_of(day: date) -> tuple[str, str]:
    window = next(daily_windows(day, day))
    return (
        pipeline.extract("supabase", window, trigger="test"),
        pipeline.extract("supabase", window, trigger="test"),
    )


def test_publish_that_is_recorded_does_nothing(
    source: SourceTables, warehouse: Warehouse, postgres: PostgresServer
) -> None:
    source.add_event()
    run_id = _night(DAY)
    before = warehouse.digest()
    assert pipeline.run_step("publish", run_id)["outcome"] == "was published already"
    assert warehouse.digest() == before
