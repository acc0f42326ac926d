"""Warehouses with a history of days before the night, published by the pipeline itself.

The history goes back from the night, so that one and the same night follows each length of it. Its
days are published in few wide windows; what a window of each day would have left in the ledger
(runs, steps, verdicts, publications, windows) is then written in the shape of the wide ones.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from meterr_etl.seed import seed_source
from tests.benchmarks.datasets import DAY, Bench, Database, say
from tests.benchmarks.nights import run_night
from tests.benchmarks.sizes import Size

LEDGER = (Path(__file__).resolve().parent / "grown_history.sql").read_text(encoding="utf-8")


def grown_source(bench: Bench, size: Size) -> Database:
    """Return a source with the night and its longest history, seeded once for all groups."""
    name = f"grown_source_{size.name}"
    if bench.exists(name):
        return bench.database(name)
    say(f"seeding {size.events:,} events and {size.history_days[-1]} days before them")
    source = bench.database(name)
    seed_source(source.url, first_day=DAY, days=1, events_per_day=size.events, with_poison=False)
    for first, last in _pieces(size.history_days):
        # Piece by piece, so that no event arrives in a later piece and would publish half a day.
        seed_source(
            source.url,
            first_day=first,
            days=(last - first).days + 1,
            events_per_day=size.history_events_per_day,
            with_poison=False,
        )
    bench.settle(source)
    return source


def grown_warehouses(bench: Bench, size: Size) -> dict[int, str]:
    """Return the name of the template with each number of days of history, made once."""
    templates = {days: f"grown_{days}_{size.name}" for days in size.history_days}
    if all(bench.exists(name) for name in templates.values()):
        return templates
    source = grown_source(bench, size)
    before = bench.migrated()
    for days, (first, last) in zip(size.history_days, _pieces(size.history_days), strict=True):
        say(f"publishing the days from {first} to {last}")
        with bench.warehouse(source, template=before) as warehouse:
            run_night(f"--first={first}", day=last)
            warehouse.execute(LEDGER)
            _require_days(warehouse, days)
            bench.settle(warehouse)
            bench.copy(warehouse.name, templates[days])
        before = templates[days]
    return templates


def _pieces(history_days: tuple[int, ...]) -> list[tuple[date, date]]:
    starts = (0, *history_days)
    return [
        (DAY - timedelta(days=days), DAY - timedelta(days=before + 1))
        for before, days in zip(starts, history_days, strict=False)
    ]


def _require_days(warehouse: Database, days: int) -> None:
    counts = {
        kind: warehouse.number(query)
        for kind, query in {
            "published days": "select count(*) from ops.published_days",
            "windows": "select count(*) from ops.windows",
            "partitions": (
                "select count(*) from pg_partition_tree('staging.token_events') where isleaf"
            ),
        }.items()
    }
    if set(counts.values()) != {days}:
        raise RuntimeError(f"The history of {days} days has {counts}.")
