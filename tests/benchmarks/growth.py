"""The same night on histories of different lengths, and with late events on earlier days.

Each night starts from a copy of a warehouse with that history, in a fresh process; the lengths take
turns and medians are compared. Late events are one in a hundred of the night's, spread evenly over
so many earlier days of the longest history, each of which is then rebuilt whole.
"""

from __future__ import annotations

import statistics
from collections import defaultdict

from tests.benchmarks.datasets import DAY, Bench, Database
from tests.benchmarks.figures import Figure
from tests.benchmarks.grown_history import grown_source, grown_warehouses
from tests.benchmarks.nights import run_night, warm_up
from tests.benchmarks.sizes import Size

GROUP = "growth"
MAKE_LATE = (
    "update public.token_usage set created_at = created_at"
    " - make_interval(days => 1 + (hashtextextended(id::text, 1) & 1048575)::integer % {days})"
    f" where updated_at >= '{DAY} 00:00Z' and (hashtextextended(id::text, 2) & 1048575) % 100 = 0"
)


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure a night on each length of history, and nights with late events on the longest."""
    warm_up(bench)
    source, templates = grown_source(bench, size), grown_warehouses(bench, size)
    late_sources = {days: _late_source(bench, source, days) for days in size.late_days}
    longest = templates[size.history_days[-1]]
    on_history: dict[int, list[float]] = defaultdict(list)
    with_late: dict[int, list[float]] = defaultdict(list)
    for _ in range(max(2, size.rounds)):
        for days, template in templates.items():
            on_history[days].append(_night(bench, source, template))
        for days, late_source in late_sources.items():
            with_late[days].append(_night(bench, late_source, longest))
    for late_source in late_sources.values():
        bench.drop(late_source)
    on_one = statistics.median(on_history[size.history_days[0]])
    on_longest = statistics.median(on_history[size.history_days[-1]])
    partitions = f"{size.history_events_per_day:,} events each"
    return [
        Figure(
            GROUP, f"night of {size.events:,} on {days} days of history, {partitions}",
            statistics.median(seconds), "s", "on 1 day", on_one, 1.1,
        )
        for days, seconds in on_history.items() if days != size.history_days[0]
    ] + [
        Figure(
            GROUP, f"night with late events on {days} earlier day{'s' * (days > 1)}",
            statistics.median(seconds), "s", "night without", on_longest,
        )
        for days, seconds in with_late.items()
    ]  # fmt: skip


def _night(bench: Bench, source: Database, template: str) -> float:
    with bench.warehouse(source, template=template):
        return run_night().seconds


def _late_source(bench: Bench, source: Database, days: int) -> Database:
    late = bench.copy(source.name, f"late_{days}")
    late.execute(MAKE_LATE.format(days=days))
    bench.settle(late)
    return late
