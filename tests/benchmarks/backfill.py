"""A backfill of thirty days, by `meterr backfill` and by a real Airflow through its API.

Both start from an empty warehouse and read the same source. How many nights were at work at a time
is read from the ledger: the most runs between whose start and publish one moment lies.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from meterr_etl.local.airflow_client import AirflowClient
from meterr_etl.local.demo_nights import NIGHTLY, NIGHTS_AT_A_TIME
from tests.benchmarks.airflow_server import running_airflow, wait_until
from tests.benchmarks.datasets import DAY, Bench, Database, say
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import warm_up
from tests.benchmarks.sizes import Size

GROUP = "backfill"
PARALLEL = 2
AIM_S_PER_DAY = 10.0
TIMEOUT_S = 3600.0
# A run's place counts from its start to its publish; `nights` are the range's published runs.
NIGHTS = (
    "with nights as (select started_at, finished_at from ops.runs where status = 'published'"
    " and window_start >= %s and window_end <= %s)"
)
AT_A_TIME = (
    f"{NIGHTS} select max((select count(*) from nights as other"
    " where other.started_at <= night.started_at and other.finished_at > night.started_at))"
    " from nights as night"
)
COUNT = f"{NIGHTS} select count(*) from nights"


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure both ways."""
    warm_up(bench)
    first = DAY - timedelta(days=size.backfill_days)
    days = [first + timedelta(days=number) for number in range(size.backfill_days)]
    source = bench.source(size.backfill_events_per_day, day=first, days=size.backfill_days)
    found: list[Figure] = []
    with bench.warehouse(source) as warehouse:
        say("backfill by the command line")
        seconds = _by_command_line(days)
        found += _figures(f"meterr backfill --parallel {PARALLEL}", size, seconds, warehouse, days)
    with bench.warehouse(source) as warehouse, running_airflow(bench) as client:
        say("backfill by Airflow")
        seconds = _by_airflow(client, days)
        found += _figures(f"Airflow, {NIGHTS_AT_A_TIME} runs", size, seconds, warehouse, days)
    bench.drop(source)
    return found


def _by_command_line(days: list[date]) -> float:
    command = [
        Path(sys.executable).with_name("meterr"), "backfill", f"--start={days[0]}",
        f"--end={days[-1]}", f"--parallel={PARALLEL}", "--json",
    ]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)
    if done.returncode != 0:
        raise RuntimeError("\n".join(["The backfill failed:", *done.stderr.splitlines()[-30:]]))
    return time.perf_counter() - started


def _by_airflow(client: AirflowClient, days: list[date]) -> float:
    started = time.perf_counter()
    client.create_backfill(NIGHTLY, days[0], days[-1], max_active_runs=NIGHTS_AT_A_TIME)

    def is_over() -> bool:
        runs = [run for run in client.runs(NIGHTLY) if run.day in days]
        return len(runs) == len(days) and all(run.is_finished for run in runs)

    wait_until(is_over, TIMEOUT_S)
    return time.perf_counter() - started


def _figures(
    way: str, size: Size, seconds: float, warehouse: Database, days: list[date]
) -> list[Figure]:
    bounds = (days[0], days[-1] + timedelta(days=1))
    published = warehouse.number(COUNT, *bounds)
    if published != len(days):
        raise RuntimeError(f"{way} published {published:.0f} of {len(days)} nights.")
    name = f"{len(days)} days of {size.backfill_events_per_day:,} events, {way}"
    aim = f"aim, {AIM_S_PER_DAY:.0f} s a day"
    at_a_time = warehouse.number(AT_A_TIME, *bounds)
    return [
        Figure(GROUP, name, seconds, "s", aim, AIM_S_PER_DAY * len(days), 1.0),
        Figure(
            GROUP, f"most nights at a time, {way}", at_a_time, "", "aim", 2.0, 1.0, is_floor=True
        ),
    ]
