"""20,000 random calls and every boundary: source table in, marts out, equal to genai-prices."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.pricing.resolve import BILLED_BY_MINIMUM
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.pricing.units import BASES, EXTRA_TOKEN_TYPES
from meterr_etl.settings import settings
from meterr_etl.sources.registry import SOURCES_FOLDER
from meterr_etl.window import Window

from .oracle import (
    BOOK,
    KEYS_BY_PROVIDER,
    PROVIDERS,
    PricedCall,
    claimed,
    edge_sizes,
    equal,
    is_batch,
    library_total,
    random_call,
    spread,
    tier_of,
)

CASES = 20_000
NIGHT = date(2026, 11, 20)
# Every affected day is a partition: random calls fall on these, boundaries on those of their rates.
DAYS = 6
COLUMN_OF = {
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "input_audio": "input_audio_tokens",
    "reasoning": "reasoning_tokens",
    "output_audio": "output_audio_tokens",
    "web_search": "web_search_requests",
}
COLUMNS = (
    "source_event_id", "event_at", "source_updated_at", "tenant_id", "provider", "model",
    "service_tier", "processing_mode", "usage_basis", "input_tokens", "output_tokens",
    *COLUMN_OF.values(), "extra_units",
)  # fmt: skip


def turning_days(chance: random.Random) -> list[date]:
    """First and last days of random rates: where a wrong date would show."""
    starts = sorted({r.valid_from for rates in BOOK.rates.values() for r in rates})[1:]
    chosen = [d for d in chance.sample(starts, DAYS // 2) if d < NIGHT]
    return sorted({d - timedelta(days=n) for d in chosen for n in (0, 1)})


def boundary_calls(days: list[date]) -> Iterator[PricedCall]:
    """Each rate's thresholds, at the first and last moment of its hours on these days."""
    for key in sorted(k for keys in KEYS_BY_PROVIDER.values() for k in keys):
        times = sorted(BOOK.times[key[:2]])
        if key[:2] in BILLED_BY_MINIMUM or len(BOOK.thresholds[key[:2]]) == len(times) == 1:
            continue
        for day in days[:2]:
            for start in times:
                first = datetime.combine(day, start, UTC)
                last = first + timedelta(days=1, microseconds=-1)
                for at in (first, last.replace(year=day.year, month=day.month, day=day.day)):
                    for size in edge_sizes(key):
                        types = [n for n in claimed(key, at) if n in (*COLUMN_OF, *BASES)]
                        yield PricedCall(key, spread(types, size), at)


def row_of(number: int, call: PricedCall) -> tuple[object, ...]:
    """The call as a row of the canonical source, its parts beside its totals."""
    leaves = call.leaves
    beside = ("cache_read", "cache_write", "cache_write_5m", "cache_write_1h")
    inputs = ("uncached_input", "input_audio")
    extra = {n: q for n, q in leaves.items() if n in EXTRA_TOKEN_TYPES}
    assert set(leaves) <= {*COLUMN_OF, *extra, "uncached_input", "output"}, beside
    return (
        f"call-{number}",
        call.at,
        datetime.combine(NIGHT, datetime.min.time(), UTC),
        f"tenant-{number % 7}",
        call.key[0],
        call.key[1],
        tier_of(call.key),
        "batch" if is_batch(call.key) else "sync",
        "exclusive",
        sum(leaves.get(n, 0) for n in inputs),
        sum(leaves.get(n, 0) for n in ("output", "reasoning", "output_audio")),
        *(leaves.get(name) for name in COLUMN_OF),
        json.dumps(extra) if extra else None,
    )


@pytest.fixture
def priced(
    source_db: str, warehouse_db: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, list[PricedCall], dict[int, Decimal | None], tuple[Decimal, ...]]:
    """The seed, the calls, the cost of each event, and the sums of events, cube and hours."""
    monkeypatch.setenv("METERR_SOURCES__CANONICAL__UNPRICED_MAX_SHARE", "1")
    settings.cache_clear()
    sync_rates()
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    days = turning_days(chance)
    calls = [c for c in boundary_calls(days) if c.leaves]
    while len(calls) < CASES:
        call = random_call(chance, days)
        if call is not None and call.key[:2] not in BILLED_BY_MINIMUM:
            calls.append(call)
    with psycopg.connect(source_db) as connection:
        connection.execute((SOURCES_FOLDER / "canonical/table.sql").read_text())
        copy = f"copy public.usage_events ({', '.join(COLUMNS)}) from stdin"
        with connection.cursor() as cursor, cursor.copy(copy) as sink:
            for number, call in enumerate(calls):
                sink.write_row(row_of(number, call))
    pipeline.run_window("canonical", Window.of_day(NIGHT), trigger="test")
    with psycopg.connect(warehouse_db) as connection:
        costs = connection.execute(
            "select substr(source_event_id, 6)::int, list_cost from marts.token_events_priced"
        ).fetchall()
        sums = connection.execute(
            "select (select sum(list_cost) from marts.token_events_priced),"
            " (select sum(list_cost) from marts.fct_usage_cost_daily),"
            " (select sum(list_cost) from marts.usage_by_hour)"
        ).fetchone()
        return seed, calls, dict(costs), sums


def test_every_event_costs_what_the_library_calculates(priced) -> None:
    seed, calls, costs, sums = priced
    assert len(calls) == len(costs) >= CASES
    assert {call.key[0] for call in calls} == set(PROVIDERS)
    wrong = []
    for number, call in enumerate(calls):
        ours, theirs = costs[number], library_total(call)
        if not equal(ours or Decimal(0), theirs, call.leaves):
            wrong.append((call, ours, theirs))
    assert not wrong, f"seed {seed}: {len(wrong)} differ, such as {wrong[:3]}"
    assert len(set(sums)) == 1
