"""Extract and land against a bare binary COPY pipe, in rounds that take turns; the worker's memory.

Both read the same source and write to a database of the same server; medians are compared.
"""

from __future__ import annotations

import statistics

from tests.benchmarks.baseline import bare_pipe
from tests.benchmarks.datasets import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import Night, run_night
from tests.benchmarks.sizes import Size

GROUP = "move"
PIPE_DATABASE = "bench_pipe"
MEMORY_AIM_MB = 100.0


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure at the size's events and at its larger count, if it has one."""
    found, peaks = _moved(bench, size.events, max(3, size.rounds))
    if size.large_events is None:
        return found
    large, large_peaks = _moved(bench, size.large_events, max(3, size.large_rounds))
    growth = Figure(
        GROUP, f"worker's memory, {large_peaks[0]}", large_peaks[1], "MB", peaks[0], peaks[1], 1.1
    )
    return [*found, *large, growth]


def _moved(bench: Bench, events: int, rounds: int) -> tuple[list[Figure], tuple[str, float]]:
    source, target = bench.source(events), bench.database(PIPE_DATABASE)
    bare_pipe(bench, source, target)
    pipes, nights = [], []
    for _ in range(rounds):
        pipes.append(bare_pipe(bench, source, target))
        bench.settle(target)
        with bench.warehouse(source):
            nights.append(run_night("--until=extract"))
    bench.drop(target)
    label = f"{events:,} events"
    moved = statistics.median(_seconds(night) for night in nights)
    pipe = statistics.median(pipes)
    peak = max(night.steps["extract"].peak_mb for night in nights)
    return [
        Figure(GROUP, f"extract and land, {label}", moved, "s", "binary COPY pipe", pipe, 1.3),
        Figure(GROUP, f"worker's memory, {label}", peak, "MB", "aim", MEMORY_AIM_MB, 1.0),
    ], (label, peak)


def _seconds(night: Night) -> float:
    return night.steps["extract"].seconds
