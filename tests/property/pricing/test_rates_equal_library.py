"""Whatever a rate claims to price, genai-prices calculates to the last digit."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from genai_prices.types import ModelInfo
from hypothesis import given, settings
from hypothesis import strategies as st

from meterr_etl.pricing.catalogue import AUDIO_PRICE_UNSTATED
from meterr_etl.pricing.expansion import HEARD_OR_SPOKEN, PRICE_KEYS
from meterr_etl.pricing.rate import BEGINNING, MIDNIGHT, STANDARD_TIER, SYNC
from meterr_etl.pricing.resolve import BILLED_BY_MINIMUM
from meterr_etl.pricing.stated import stated_terms
from meterr_etl.pricing.units import AUDIO

from .oracle import (
    BOOK,
    KEYS_BY_PROVIDER,
    MODELS,
    PROVIDERS,
    PricedCall,
    claimed,
    context_of,
    edge_moments,
    edge_sizes,
    equal,
    library_total,
    random_call,
    rates_total,
    spread,
)

TODAY = datetime(2026, 11, 20, tzinfo=UTC)


@settings(max_examples=3_000, deadline=None)
@given(st.randoms(use_true_random=False))
def test_sum_of_lines_equals_the_librarys_total(chance: random.Random) -> None:
    call = random_call(chance)
    if call is None or call.key[:2] in BILLED_BY_MINIMUM:
        return
    assert equal(rates_total(call), library_total(call), call.leaves), call


@pytest.mark.parametrize("provider_id", sorted(PROVIDERS))
def test_every_boundary_of_every_rate_equals_the_library(provider_id: str) -> None:
    """First and last moment of each rate, one token below, on and above each threshold."""
    for key in KEYS_BY_PROVIDER[provider_id]:
        if key[:2] in BILLED_BY_MINIMUM:
            continue
        moments = set(edge_moments(key))
        assert moments
        for at in sorted(moments):
            for size in edge_sizes(key):
                call = PricedCall(key, spread(claimed(key, at), size), at)
                assert equal(rates_total(call), library_total(call), call.leaves), call


def test_all_47_providers_have_rates() -> None:
    assert len(KEYS_BY_PROVIDER) == len(PROVIDERS) == 47


def test_a_picodollar_per_token_is_noticed() -> None:
    key = ("anthropic", "claude-sonnet-4-5", SYNC, STANDARD_TIER)
    call = PricedCall(key, {"uncached_input": 1, "output": 1}, datetime(2026, 11, 14, tzinfo=UTC))
    off_by_one = rates_total(call) + Decimal("1e-12")
    assert rates_total(call) == library_total(call) != off_by_one


def test_a_token_type_without_rate_is_one_that_the_library_gives_away() -> None:
    """Unpriced is visible; what the library leaves at nothing must not look free here."""
    for model_key in MODELS:
        if model_key in AUDIO_PRICE_UNSTATED | BILLED_BY_MINIMUM:
            continue
        key = (*model_key, SYNC, STANDARD_TIER)
        prices = BOOK.on(key, TODAY, 1) if key in BOOK.rates else {}
        for name in PRICE_KEYS.keys() - prices.keys() - {"request"}:
            fee = prices.get("request", Decimal(0))
            assert library_total(PricedCall(key, {name: 1}, TODAY)) == fee, (key, name)


def test_audio_whose_price_is_not_stated_has_no_rate() -> None:
    """The library would charge it as text, at a sixteenth of what it costs."""
    stated = ("openai", "gpt-realtime", SYNC, STANDARD_TIER)
    assert BOOK.on(stated, TODAY, 0).keys() >= set(AUDIO)
    for model_key in AUDIO_PRICE_UNSTATED:
        key = (*model_key, SYNC, STANDARD_TIER)
        assert not HEARD_OR_SPOKEN & BOOK.on(key, TODAY, 0).keys()
        assert library_total(PricedCall(key, {"input_audio": 1}, TODAY)) > 0


def test_batch_and_tiers_have_no_rate_before_the_catalogue_states_one() -> None:
    """There the library silently charges the standard price: twice a batch's."""
    late = [
        (key, min(rate.valid_from for rate in rates))
        for key, rates in BOOK.rates.items()
        if context_of(key) and min(rate.valid_from for rate in rates) > BEGINNING
    ]
    assert len(late) > 100
    for key, start in late:
        moment = datetime.combine(start, MIDNIGHT, UTC)
        assert not BOOK.on(key, moment - timedelta(microseconds=1), 0)
        assert BOOK.on(key, moment, 0)


def test_prices_by_time_of_day_change_at_their_hours() -> None:
    key = ("deepseek", "deepseek-v4-flash", SYNC, STANDARD_TIER)
    day = date(2026, 11, 14)
    prices = {
        hour: BOOK.on(key, datetime(day.year, day.month, day.day, hour, tzinfo=UTC), 0)["output"]
        for hour in range(24)
    }
    assert len(set(prices.values())) > 1
    assert prices[1] == prices[3] == prices[6] == prices[9] != prices[4] == prices[10]


def test_every_term_that_the_catalogue_states_for_tokens_has_rates() -> None:
    for (provider_id, model_id), model in MODELS.items():
        for terms in stated_terms(model)[1:]:
            key = (provider_id, model_id, terms.processing_mode, terms.service_tier)
            token_types = {rate.token_type for rate in BOOK.rates.get(key, [])}
            assert bool(token_types) or not _prices_tokens(model), key


def _prices_tokens(model: ModelInfo) -> bool:
    return any("mtok" in name for v in model.price_variants or () for name in vars(v.prices))
