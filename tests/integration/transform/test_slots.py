"""Builds run side by side in slots; a slot never outlives the process that claimed it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import pytest
from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.settings import inherited_environment, settings
from meterr_etl.steps.transform import transform
from meterr_etl.steps.transform_slot import claimed_slot
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts import published_marts
from meterr_etl.warehouse.marts_dbt import SESSION_OPTIONS

from .conftest import Event

# What a killed build leaves: a session that holds the claim and, on another one, a statement of
# dbt that the server would work on for a minute.
DOOMED = """
from meterr_etl.steps.transform_slot import claimed_slot
from meterr_etl.warehouse.connection import warehouse

with claimed_slot() as slot, warehouse("meterr_transformer") as dbt:
    slot.connection.execute(f"drop schema if exists {slot.schema} cascade")
    slot.connection.execute(f"create schema {slot.schema}")
    dbt.execute(f"create table {slot.schema}.half_built as select 1 as one")
    print("working", flush=True)
    dbt.execute("select pg_sleep(60)")
"""


@pytest.fixture
def one_slot(warehouse_db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("METERR_CANDIDATE_SLOTS", "1")
    settings.cache_clear()
    yield
    settings.cache_clear()


@contextmanager
def doomed_process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", DOOMED],
        stdout=subprocess.PIPE,
        text=True,
        env=inherited_environment(PGOPTIONS=SESSION_OPTIONS),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        yield process
        process.kill()


def relations(run: Run) -> set[str]:
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            "select tablename from pg_tables where schemaname = %s", (run.tables.candidate,)
        ).fetchall()
    return {str(row[0]) for row in rows}


def requests(run: Run) -> int:
    with warehouse("meterr_loader") as connection:
        (row,) = connection.execute(
            sql.SQL("select sum(request_count)::bigint from {}").format(
                run.tables.candidate_table("usage_by_model_daily")
            )
        ).fetchall()
    return int(str(row[0]))


def test_runs_of_two_processes_build_the_real_marts_at_once(
    stage_by_hand: Callable[..., Run],
) -> None:
    runs = [stage_by_hand(events=(Event(n, requests=n),)) for n in (1, 2)]

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        metrics = list(pool.map(transform, [run.run_id for run in runs]))

    assert [requests(run) for run in runs] == [1, 2]
    # Marts of months are derived under the publish's lock.
    marts = {mart.name for mart in published_marts() if mart.daily_mart is None}
    assert marts
    assert all(marts <= relations(run) for run in runs)
    assert all(found["slot"] in ("candidate_s1", "candidate_s2") for found in metrics)


@pytest.mark.usefixtures("small_project")
def test_taken_slot_is_passed_by(stage_by_hand: Callable[..., Run]) -> None:
    run = stage_by_hand(events=(Event(1),))

    with claimed_slot() as taken:
        metrics = transform(run.run_id)

    assert taken.schema == "candidate_s1"
    assert metrics["slot"] == "candidate_s2"
    assert requests(run) == 1


@pytest.mark.usefixtures("small_project")
def test_build_waits_while_every_slot_is_taken(
    stage_by_hand: Callable[..., Run], one_slot: None
) -> None:
    run = stage_by_hand(events=(Event(1),))
    found: dict[str, object] = {}
    worker = threading.Thread(target=lambda: found.update(transform(run.run_id)))

    with claimed_slot():
        worker.start()
        worker.join(timeout=1)
        assert worker.is_alive()
    worker.join(timeout=60)

    assert found["slot"] == "candidate_s1"
    assert found["slot_waited_s"] >= 0.9
    assert requests(run) == 1


@pytest.mark.usefixtures("small_project")
def test_slot_of_a_killed_process_is_used_again_at_once(
    stage_by_hand: Callable[..., Run], one_slot: None
) -> None:
    run = stage_by_hand(events=(Event(1),))
    with doomed_process() as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        started = time.monotonic()

        metrics = transform(run.run_id)

    assert metrics["slot"] == "candidate_s1"
    assert requests(run) == 1
    assert time.monotonic() - started < 30
