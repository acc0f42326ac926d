"""Runs a night in a process of its own and says what each step cost.

The last line of its output is JSON: per step the seconds by the clock, the seconds that the
databases worked, and the peak memory of this process so far. `--until STEP` stops behind a step;
`--time MODULE:FUNCTION` also measures one function that the steps call.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import psycopg

from meterr_etl.imports import IMPORTED_BY_NIGHTS, import_ahead
from meterr_etl.pipeline import STEPS, extract, run_step
from meterr_etl.window import Window

URLS = ("METERR_SOURCE_URL", "METERR_WAREHOUSE_URL")
WORKED_QUERY = "select sum(active_time) / 1000 from pg_stat_database where datname = any (%s)"


def main() -> None:
    """Run one day step by step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--day", type=date.fromisoformat, required=True)
    parser.add_argument("--first", type=date.fromisoformat, help="the window's, else the day")
    parser.add_argument("--until", choices=STEPS, default=STEPS[-1])
    parser.add_argument("--time", action="append", default=[])
    options = parser.parse_args()
    started_up = time.time() - psutil.Process().create_time()
    functions: dict[str, float] = {}
    for name in options.time:
        _measure_function(name, functions)
    first, last = Window.of_day(options.first or options.day), Window.of_day(options.day)
    steps = _run(Window(first.start, last.end), STEPS[: STEPS.index(options.until) + 1])
    print(json.dumps({"start_seconds": started_up, "steps": steps, "functions": functions}))


def worked(admin: psycopg.Connection[Any], databases: list[str]) -> float:
    """Return the seconds that sessions of the databases were active, up to their last report."""
    # A session reports when it ends, and ending takes it a moment after we let it go.
    time.sleep(0.2)
    row = admin.execute(WORKED_QUERY, (databases,)).fetchone()
    return float(str(row[0])) if row else 0.0


def peak_mb() -> float:
    """Return this process's peak memory; getrusage would count its parent's at the fork."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _run(window: Window, steps: tuple[str, ...]) -> dict[str, dict[str, float]]:
    measured: dict[str, dict[str, float]] = {}
    databases = [
        os.environ[name].rpartition("/")[2]
        for name in ("METERR_SOURCE_URL", "METERR_WAREHOUSE_URL")
    ]
    run_id = ""
    if len(steps) > 1:
        # As `meterr run` does; a process that only extracts needs neither, and its memory says so.
        import_ahead(IMPORTED_BY_NIGHTS)
    with psycopg.connect(os.environ["BENCH_ADMIN_URL"], autocommit=True) as admin:
        for step in steps:
            before, started = worked(admin, databases), time.perf_counter()
            if step == "extract":
                run_id = extract("supabase", window, trigger="test")
            else:
                run_step(step, run_id)
            seconds = time.perf_counter() - started
            measured[step] = {
                "seconds": seconds,
                "database_seconds": worked(admin, databases) - before,
                "peak_mb": peak_mb(),
            }
    return measured


def _measure_function(name: str, seconds: dict[str, float]) -> None:
    # Replaced where it is called from; that it is gone is an error, not a figure of zero.
    module_name, _, function_name = name.partition(":")
    module = import_module(module_name)
    original: Callable[..., object] = getattr(module, function_name)

    def timed(*arguments: object, **options: object) -> object:
        started = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started

    setattr(module, function_name, timed)


if __name__ == "__main__":
    main()
