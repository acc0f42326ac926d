"""Whatever a rate claims to price, genai-prices calculates to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from genai_prices.types import ModelInfo, Provider, Usage
from hypothesis import given, settings
from hypothesis import strategies as st

from meterr_etl.pricing.catalogue import catalogue_models, catalogue_rates, snapshot
from meterr_etl.pricing.expansion import PRICE_KEYS, has_time_of_day_prices, stated_terms
from meterr_etl.pricing.rate import BATCH, STANDARD_TIER, SYNC, Rate

INPUTS = (
    "uncached_input",
    "cache_read",
    "cache_write",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
)
OUTPUTS = ("output", "reasoning", "output_audio")
AUDIO = {"input_audio", "output_audio"}

FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2027, 12, 31)
TODAY = date(2026, 11, 20)

Key = tuple[str, str, str, str]


class Book:
    """The expanded rates, found the way the warehouse joins them."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.rates: dict[Key, list[Rate]] = defaultdict(list)
        self.thresholds: dict[tuple[str, str], set[int]] = defaultdict(set)
        for rate in rates:
            key = (rate.provider_id, rate.model_id, rate.processing_mode, rate.service_tier)
            self.rates[key].append(rate)
            self.thresholds[key[:2]].add(rate.context_above_tokens)

    def on(self, key: Key, day: date, total_input: int) -> dict[str, Decimal]:
        """Unit price by token type for a request of one size on one day."""
        context = max(
            (t for t in self.thresholds[key[:2]] if t and total_input > t),
            default=0,
        )
        found: dict[str, Decimal] = {}
        for rate in self.rates[key]:
            holds = rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)
            if holds and rate.context_above_tokens == context:
                assert rate.token_type not in found, f"two rates hold for {key} on {day}"
                found[rate.token_type] = rate.unit_price
        return found


BOOK = Book(catalogue_rates())
PROVIDERS: Mapping[str, Provider] = {p.id: p for p in snapshot().providers}
MODELS: Mapping[tuple[str, str], ModelInfo] = {(p, m.id): m for p, m in catalogue_models()}
KEYS_BY_PROVIDER: dict[str, list[Key]] = defaultdict(list)
for known_key in BOOK.rates:
    KEYS_BY_PROVIDER[known_key[0]].append(known_key)


def context_of(key: Key) -> dict[str, str]:
    _, _, mode, tier = key
    if mode == BATCH:
        return {"processing": "batch"}
    return {} if tier == STANDARD_TIER else {"service_tier": tier}


def usage_of(leaves: Mapping[str, int]) -> Usage:
    def total(*names: str) -> int:
        return sum(leaves.get(name, 0) for name in names)

    return Usage(
        input_tokens=total(*INPUTS),
        cache_read_tokens=total("cache_read"),
        # Leaves are disjoint, so no cached token is an audio token; unsaid, the library refuses.
        cache_audio_read_tokens=0,
        cache_write_tokens=total("cache_write", "cache_write_5m", "cache_write_1h"),
        cache_write_5m_tokens=total("cache_write_5m"),
        cache_write_1h_tokens=total("cache_write_1h"),
        input_audio_tokens=total("input_audio"),
        output_tokens=total(*OUTPUTS),
        output_reasoning_tokens=total("reasoning"),
        output_audio_tokens=total("output_audio"),
        web_searches=total("web_search"),
    )


def library_total(key: Key, leaves: Mapping[str, int], at: datetime) -> Decimal:
    model = MODELS[key[:2]]
    calculated = model.calc_price(
        usage_of(leaves),
        PROVIDERS[key[0]],
        genai_request_timestamp=at,
        price_context=context_of(key),
    )
    return calculated.total_price


def rates_total(key: Key, leaves: Mapping[str, int], at: datetime) -> Decimal:
    """The sum of the price lines; a request is one line of quantity 1."""
    prices = BOOK.on(key, at.date(), sum(leaves.get(name, 0) for name in INPUTS))
    lines = {**leaves, "request": 1} if "request" in prices else leaves
    return sum((quantity * prices[name] for name, quantity in lines.items()), Decimal(0))


def claimed(key: Key, day: date) -> list[str]:
    return sorted(set(BOOK.on(key, day, 0)) - {"request"})


@st.composite
def calls(draw: st.DrawFn) -> tuple[Key, dict[str, int], datetime]:
    key = draw(st.sampled_from(KEYS_BY_PROVIDER[draw(st.sampled_from(sorted(KEYS_BY_PROVIDER)))]))
    turns = {rate.valid_from for rate in BOOK.rates[key]} - {date(1970, 1, 1)}
    edges = [turn + timedelta(days=n) for turn in sorted(turns) for n in (-1, 0)]
    days = st.dates(FIRST_DAY, LAST_DAY)
    day = draw(st.one_of(days, st.sampled_from(edges)) if edges else days)
    moment = draw(st.sampled_from([time.min, time.max]) | st.times())
    quantities = st.integers(0, 2_000_000) | st.integers(0, 40)
    leaves = {name: draw(quantities) for name in claimed(key, day)}
    if "uncached_input" in leaves and draw(st.booleans()):
        # Land on a context threshold, or just beside it.
        threshold = draw(st.sampled_from(sorted(BOOK.thresholds[key[:2]])))
        others = sum(leaves.get(name, 0) for name in INPUTS) - leaves["uncached_input"]
        leaves["uncached_input"] = max(threshold + draw(st.integers(-1, 1)) - others, 0)
    return key, leaves, datetime.combine(day, moment, tzinfo=UTC)


@settings(max_examples=3_000, deadline=None)
@given(calls())
def test_sum_of_lines_equals_the_librarys_total(
    call: tuple[Key, dict[str, int], datetime],
) -> None:
    key, leaves, at = call
    if not BOOK.on(key, at.date(), 0):
        return
    assert rates_total(key, leaves, at) == library_total(key, leaves, at)


@pytest.mark.parametrize("provider_id", sorted(PROVIDERS))
def test_every_boundary_of_every_rate_equals_the_library(provider_id: str) -> None:
    """First and last moment of each rate, one token below, on and above each threshold."""
    for key in KEYS_BY_PROVIDER[provider_id]:
        days = sorted({day for rate in BOOK.rates[key] for day in _edge_days(rate)})
        assert days
        for at in (datetime.combine(d, t, tzinfo=UTC) for d in days for t in (time.min, time.max)):
            types = claimed(key, at.date())
            for total_input in _edge_sizes(BOOK.thresholds[key[:2]]):
                leaves = _spread(types, total_input)
                assert rates_total(key, leaves, at) == library_total(key, leaves, at), (key, at)


def test_all_47_providers_have_rates() -> None:
    assert len(KEYS_BY_PROVIDER) == len(PROVIDERS) == 47


def test_a_picodollar_per_token_is_noticed() -> None:
    key = ("anthropic", "claude-sonnet-4-5", SYNC, STANDARD_TIER)
    at = datetime(2026, 11, 14, tzinfo=UTC)
    leaves = {"uncached_input": 1, "output": 1}
    off_by_one = rates_total(key, leaves, at) + Decimal("1e-12")
    assert rates_total(key, leaves, at) == library_total(key, leaves, at) != off_by_one


def test_a_token_type_without_rate_is_one_that_the_library_gives_away() -> None:
    """Unpriced is visible; what the library leaves at nothing must not look free here."""
    for (provider_id, model_id), model in MODELS.items():
        if has_time_of_day_prices(model):
            continue
        key = (provider_id, model_id, SYNC, STANDARD_TIER)
        at = datetime.combine(TODAY, time.min, tzinfo=UTC)
        prices = BOOK.on(key, TODAY, 1)
        for name in PRICE_KEYS.keys() - prices.keys() - AUDIO - {"request"}:
            fee = prices.get("request", Decimal(0))
            assert library_total(key, {name: 1}, at) == fee, (key, name)


def test_audio_has_a_rate_only_where_the_catalogue_states_one() -> None:
    """The library would charge it as text, at a sixteenth of what it costs."""
    at = datetime.combine(TODAY, time.min, tzinfo=UTC)
    stated = ("openai", "gpt-realtime", SYNC, STANDARD_TIER)
    silent = ("openai", "gpt-4o-audio-preview", SYNC, STANDARD_TIER)
    assert BOOK.on(stated, TODAY, 0).keys() >= AUDIO
    assert not AUDIO & BOOK.on(silent, TODAY, 0).keys()
    assert library_total(silent, {"input_audio": 1}, at) > 0


def test_batch_and_tiers_have_no_rate_before_the_catalogue_states_one() -> None:
    """There the library silently charges the standard price: twice a batch's."""
    late = [
        (key, min(rate.valid_from for rate in rates))
        for key, rates in BOOK.rates.items()
        if context_of(key) and min(rate.valid_from for rate in rates) > FIRST_DAY
    ]
    assert len(late) > 100
    for key, start in late:
        assert not BOOK.on(key, start - timedelta(days=1), 0)
        assert BOOK.on(key, start, 0)


def test_every_term_that_the_catalogue_states_for_tokens_has_rates() -> None:
    for (provider_id, model_id), model in MODELS.items():
        for terms in stated_terms(model)[1:]:
            key = (provider_id, model_id, terms.processing_mode, terms.service_tier)
            token_types = {rate.token_type for rate in BOOK.rates.get(key, [])}
            has_tokens = any(
                "mtok" in name for v in model.price_variants for name in vars(v.prices)
            )
            assert bool(token_types) or not has_tokens, key


def _edge_days(rate: Rate) -> list[date]:
    first = max(rate.valid_from, FIRST_DAY)
    return [first, rate.valid_to - timedelta(days=1) if rate.valid_to else LAST_DAY]


def _edge_sizes(thresholds: Iterable[int]) -> list[int]:
    return sorted({max(threshold + n, 0) for threshold in thresholds for n in (-1, 0, 1)})


def _spread(types: Iterable[str], total_input: int) -> dict[str, int]:
    """Leaves that add up to a total input, every type of them used where it is large enough."""
    names = list(types)
    inputs = [name for name in names if name in INPUTS]
    leaves = dict.fromkeys(names, 7)
    for name in inputs:
        leaves[name] = total_input // len(inputs)
    if inputs:
        leaves[inputs[0]] += total_input % len(inputs)
    return leaves
