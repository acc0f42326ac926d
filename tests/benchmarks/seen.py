"""Finding which of a night's rows were published before, on the shortest and the longest history.

Measured is the function that looks for them inside `stage`, in the night's own process: with rows
that are all new, and with the same window read again, where every row is found and removed.
"""

from __future__ import annotations

import statistics

from tests.benchmarks.datasets import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.grown_history import grown_source, grown_warehouses
from tests.benchmarks.nights import run_night, warm_up
from tests.benchmarks.sizes import Size

GROUP = "seen"
FUNCTION = "meterr_etl.steps.stage:judge_seen_before"
AIM_S = 1.0


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure on one day of history and on the most."""
    warm_up(bench)
    found = []
    for days in (size.history_days[0], size.history_days[-1]):
        new, again = zip(
            *(_seconds(bench, size, days) for _ in range(max(2, size.rounds - 1))), strict=True
        )
        where = f"{size.events:,} rows on {days} day{'s' * (days > 1)} of history"
        found += [
            Figure(GROUP, f"{where}, new", statistics.median(new), "s", "aim", AIM_S, 1.0),
            Figure(GROUP, f"{where}, read again", statistics.median(again), "s", "aim", AIM_S),
        ]
    return found


def _seconds(bench: Bench, size: Size, days: int) -> tuple[float, float]:
    source, template = grown_source(bench, size), grown_warehouses(bench, size)[days]
    with bench.warehouse(source, template=template) as warehouse:
        first = run_night(f"--time={FUNCTION}")
        bench.settle(warehouse)
        again = run_night("--until=stage", f"--time={FUNCTION}")
    return first.functions[FUNCTION], again.functions[FUNCTION]
