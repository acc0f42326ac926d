"""Runs nights of the pipeline, each in a fresh process, and reads what they cost."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.benchmarks.datasets import DAY, Bench

SHOWN_LINES = 30
WARM_UP_EVENTS = 2_000
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """What one step cost: by the clock, of the databases' time, and the process's peak so far."""

    seconds: float
    database_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Night:
    """One night's steps, what its process took to start, and the functions that were measured."""

    start_seconds: float
    steps: dict[str, Cost]
    functions: dict[str, float]

    @property
    def seconds(self) -> float:
        """The whole of it, from the start of the process."""
        return self.start_seconds + sum(cost.seconds for cost in self.steps.values())

    @property
    def database_seconds(self) -> float:
        """How long the databases worked, both together."""
        return sum(cost.database_seconds for cost in self.steps.values())


def run_night(*options: str, day: date = DAY) -> Night:
    """Run a night of the source and in the warehouse that the settings name."""
    command = [sys.executable, "-m", "tests.benchmarks.night_process", f"--day={day}", *options]
    # What the gates warn of is known of these rows; it is shown where the night fails.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.splitlines()[-SHOWN_LINES:])
        raise RuntimeError(f"The night of {day} failed:\n{said}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    steps = {name: Cost(**cost) for name, cost in told["steps"].items()}
    return Night(told["start_seconds"], steps, told["functions"])


def warm_up(bench: Bench) -> None:
    """Run one small night, once: the very first has dbt parse its project, later ones don't."""
    if not bench.is_warm:
        with bench.warehouse(bench.source(WARM_UP_EVENTS)):
            run_night()
        bench.is_warm = True


def import_seconds(module: str) -> float:
    """Return how long a fresh process takes to import a module."""
    code = (
        "import sys, time; from importlib import import_module; started = time.perf_counter();"
        "import_module(sys.argv[1]); print(time.perf_counter() - started)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, module],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.strip().splitlines()[-1])
