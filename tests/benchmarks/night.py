"""A whole night, step by step, against one handwritten script and against the bare pipe.

Script, clean night and night with one poison row take turns; each starts from a copy of the same
warehouse without events, a night in a fresh process. Medians are compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.baseline import SCRIPT_DATABASE, bare_pipe, handwritten_night
from tests.benchmarks.datasets import DAY, Bench, Database
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import Night, import_seconds, run_night, warm_up
from tests.benchmarks.sizes import Size

GROUP = "night"
MODULES = {"dbt": "dbt.cli.main", "Great Expectations": "great_expectations"}
POISON = (
    "insert into public.token_usage (id, organization_id, provider, model, input_tokens,"
    " output_tokens, created_at, updated_at)"
    " select '00000000-0000-4000-8000-000000000666', o.id, 'openai', 'gpt-4o', -5, 1,"
    f" '{DAY} 12:00Z', '{DAY} 12:00Z' from public.organizations as o limit 1"
)
ANTIDOTE = "delete from public.token_usage where input_tokens = -5"


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure at the size's events and at its larger count, if it has one."""
    warm_up(bench)
    found = _compared(bench, size.events, size.rounds, target=2.0, is_detailed=True)
    if size.large_events is not None:
        found += _compared(
            bench, size.large_events, size.large_rounds, target=1.5, is_detailed=False
        )
    return found


def _compared(
    bench: Bench, events: int, rounds: int, *, target: float, is_detailed: bool
) -> list[Figure]:
    source = bench.source(events)
    pipes, scripts, clean, poisoned = [], [], [], []
    for _ in range(rounds):
        pipe, script, night = _round(bench, source)
        pipes.append(pipe)
        scripts.append(script)
        clean.append(night)
        if is_detailed:
            with _poisoned(source), bench.warehouse(source):
                poisoned.append(run_night())
    pipe, script = statistics.median(pipes), statistics.median(scripts)
    label = f"{events:,} events"
    whole = [
        *_against(f"whole night, {label}", [n.seconds for n in clean], script, target),
        *_against(f"database work, {label}", [n.database_seconds for n in clean], script),
        Figure(GROUP, f"whole night, {label}", _whole(clean), "s", "binary COPY pipe", pipe),
    ]
    if not is_detailed:
        return whole
    poison = Figure(
        GROUP, "night with one poison row", _whole(poisoned), "s", "clean night", _whole(clean), 1.3
    )
    return [*_steps(clean, pipe), *whole, poison, *_imports(_whole(clean), rounds)]


def _round(bench: Bench, source: Database) -> tuple[float, float, Night]:
    by_hand = bench.copy(bench.migrated(), SCRIPT_DATABASE)
    pipe = bare_pipe(bench, source, by_hand)
    bench.settle(by_hand)
    script = handwritten_night(bench, source, by_hand)
    with bench.warehouse(source) as warehouse:
        night = run_night()
        require_same_tokens(warehouse, by_hand)
    bench.drop(by_hand)
    return pipe, script, night


def _steps(nights: list[Night], pipe: float) -> Iterator[Figure]:
    for step in nights[0].steps:
        seconds = statistics.median(night.steps[step].seconds for night in nights)
        worked = statistics.median(night.steps[step].database_seconds for night in nights)
        note = f"the databases worked {worked:.2f} s"
        yield Figure(GROUP, step, seconds, "s", "binary COPY pipe", pipe, note=note)


def _against(
    name: str, seconds: list[float], script: float, target: float | None = None
) -> Iterator[Figure]:
    yield Figure(GROUP, name, statistics.median(seconds), "s", "handwritten script", script, target)


def _imports(whole: float, rounds: int) -> Iterator[Figure]:
    for name, module in MODULES.items():
        seconds = statistics.median(import_seconds(module) for _ in range(rounds))
        yield Figure(GROUP, f"import of {name}, part of it", seconds, "s", "whole night", whole)


def _whole(nights: list[Night]) -> float:
    return statistics.median(night.seconds for night in nights)


@contextmanager
def _poisoned(source: Database) -> Iterator[None]:
    source.execute(POISON)
    try:
        yield
    finally:
        source.execute(ANTIDOTE, "vacuum public.token_usage")


def require_same_tokens(warehouse: Database, by_hand: Database) -> None:
    """Refuse to compare two nights that did not count the same tokens.

    Raises:
        RuntimeError: they did not.
    """
    ours = warehouse.number("select sum(total_tokens) from marts.fct_usage_by_owner_daily")
    theirs = by_hand.number(
        "select sum(quantity) from bench.cost_lines"
        " where token_type not in ('request', 'web_search')"
    )
    if ours != theirs:
        raise RuntimeError(
            f"The marts count {ours:,.0f} tokens, the handwritten script {theirs:,.0f}."
        )
