"""The quick benchmark: move, whole night, storage and memory, each beside its baseline."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.baseline import bare_pipe, handwritten_night
from tests.benchmarks.datasets import DAY, Bench, prepared_bench
from tests.benchmarks.figures import Figure, print_figures, write_figures

QUICK_EVENTS, FULL_EVENTS = 300_000, 1_000_000
MOVE_ROUNDS = 3
ROOT = Path(__file__).resolve().parents[2]

Steps = dict[str, dict[str, float]]


def main(name: str = "quick", events: int = QUICK_EVENTS) -> None:
    """Measure, print and write `results/<name>.json`."""
    say(f"starting a server and seeding {events:,} events of one day")
    with prepared_bench(events) as bench:
        figures = move_figures(bench)
        say("a night by hand, and the night of the pipeline")
        by_hand = handwritten_night(bench)
        steps = night()
        figures += night_figures(steps, by_hand)
        figures += [*storage_figures(bench), memory_figure(steps)]
        require_same_tokens(bench)
    print_figures(figures, f"{events:,} events of one day")
    path = write_figures(figures, name, {"events": events, "day": DAY.isoformat()})
    say(f"written to {path.relative_to(ROOT)}")


def move_figures(bench: Bench) -> list[Figure]:
    """Extract and land against the bare pipe: the medians of rounds that take turns."""
    bare_pipe(bench)
    rounds = [(bare_pipe(bench), night("--only-extract")) for _ in range(MOVE_ROUNDS)]
    pipe = statistics.median(seconds for seconds, _ in rounds)
    moved = statistics.median(steps["extract"]["seconds"] for _, steps in rounds)
    return [Figure("move", "extract and land", moved, "s", "binary COPY pipe", pipe, 1.3)]


def night_figures(steps: Steps, by_hand: float) -> list[Figure]:
    """Each step by the clock against the databases' share of it; the whole against the script."""
    figures = [
        Figure("night", step, cost["seconds"], "s", "database work", cost["database_seconds"])
        for step, cost in steps.items()
    ]
    whole = sum(cost["seconds"] for cost in steps.values())
    worked = sum(cost["database_seconds"] for cost in steps.values())
    return [
        *figures,
        Figure("night", "database work", worked, "s", "handwritten script", by_hand),
        Figure("night", "whole night", whole, "s", "handwritten script", by_hand, 2.0),
    ]


def storage_figures(bench: Bench) -> list[Figure]:
    """Bytes per published event, indexes and mapped members included, against the source heap."""
    source = bench.number("select pg_relation_size('public.token_usage')", dbname="bench_source")
    events = bench.number("select count(*) from staging.token_events")
    staged = bench.number(
        "select sum(pg_total_relation_size(relid)) from pg_partition_tree('staging.token_events')"
    )
    members = bench.number(
        "select sum(pg_total_relation_size(oid)) from pg_class where oid = any (array["
        "'staging.owners', 'staging.skus', 'staging.tag_sets']::regclass[])"
    )
    marts = bench.number(
        "select sum(pg_total_relation_size(c.oid)) from pg_class as c"
        " where c.relnamespace = 'marts'::regnamespace and c.relkind = 'r'"
    )
    heap = source / bench.events
    return [
        Figure("storage", "staged event", staged / events, "B", "source heap", heap, 0.45),
        Figure("storage", "owners, kinds, tags", members / events, "B", "source heap", heap),
        Figure("storage", "marts per event", marts / events, "B", "source heap", heap),
    ]


def memory_figure(steps: Steps) -> Figure:
    """Peak memory of the worker while it moves rows, against the megabytes aimed at."""
    return Figure(
        "memory", "worker at extract", steps["extract"]["peak_mb"], "MB", "aim", 100.0, 1.0
    )


def night(*options: str) -> Steps:
    """Run a night in a process of its own; returns what each step cost."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.night", *options],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    costs: Steps = json.loads(done.stdout.strip().splitlines()[-1])
    return costs


def require_same_tokens(bench: Bench) -> None:
    """Refuse to compare two nights that did not count the same tokens."""
    ours = bench.number(
        "select sum(total_tokens) from marts.fct_usage_by_owner_daily"
        f" where charge_date = '{DAY.isoformat()}'"
    )
    by_hand = bench.number(
        "select sum(quantity) from bench.cost_lines"
        " where token_type not in ('request', 'web_search')"
    )
    if ours != by_hand:
        sys.exit(f"The marts count {ours:,.0f} tokens, the handwritten script {by_hand:,.0f}.")


def say(text: str) -> None:
    """Tell progress on stderr."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
