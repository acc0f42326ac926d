"""Runs a night in a process of its own and says what each step cost; `--only-extract` stops there.

The last line of its output is JSON: per step the seconds by the clock, the seconds that the
databases worked, and the peak memory of this process so far.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psycopg

from meterr_etl.pipeline import STEPS, extract, run_step
from meterr_etl.window import Window
from tests.benchmarks.datasets import ADMIN_VARIABLE, DAY, SOURCE, WAREHOUSE

WORKED_QUERY = "select sum(active_time) / 1000 from pg_stat_database where datname in (%s, %s)"


def main() -> None:
    """Run the benchmark's day step by step."""
    only_extract = "--only-extract" in sys.argv
    measured: dict[str, dict[str, float]] = {}
    with psycopg.connect(os.environ[ADMIN_VARIABLE], autocommit=True) as admin:
        run_id = ""
        for step in STEPS[:1] if only_extract else STEPS:
            before, started = worked(admin), time.perf_counter()
            if step == "extract":
                run_id = extract("supabase", Window.of_day(DAY), trigger="test")
            else:
                run_step(step, run_id)
            seconds = time.perf_counter() - started
            measured[step] = {
                "seconds": seconds,
                "database_seconds": worked(admin) - before,
                "peak_mb": peak_mb(),
            }
    print(json.dumps(measured))


def worked(admin: psycopg.Connection[tuple[object, ...]]) -> float:
    """Return the seconds that sessions of both databases were active, up to their last report."""
    # A session reports when it ends, and ending takes it a moment after we let it go.
    time.sleep(0.2)
    row = admin.execute(WORKED_QUERY, (SOURCE, WAREHOUSE)).fetchone()
    return float(str(row[0])) if row else 0.0


def peak_mb() -> float:
    """Return this process's peak memory; getrusage would count its parent's at the fork."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
