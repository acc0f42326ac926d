"""What nobody states: how long each request of a bucket was, and what some models' audio costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from genai_prices.types import ConditionalPrice, ModelPrice, Tier, TieredPrices

from meterr_etl.pricing.expansion import expand
from meterr_etl.pricing.rate import BEGINNING, UNKNOWN_CONTEXT

from .test_expansion import a_model, from_day, of_type


def test_what_costs_the_same_in_any_context_has_a_price_for_buckets() -> None:
    tiered = TieredPrices(base=Decimal(3), tiers=[Tier(start=200_000, price=Decimal(6))])
    level = TieredPrices(base=Decimal(3), tiers=[Tier(start=200_000, price=Decimal(3))])
    prices = [
        ConditionalPrice(prices=ModelPrice(input_mtok=tiered, output_mtok=Decimal(9))),
        from_day("2026-03-13", input_mtok=level, output_mtok=Decimal(9)),
    ]
    found = expand(a_model(prices))
    buckets = [row for row in of_type(found, "uncached_input") if row[0] == UNKNOWN_CONTEXT]
    assert buckets == [(UNKNOWN_CONTEXT, date(2026, 3, 13), None, Decimal("0.000003"))]
    assert (UNKNOWN_CONTEXT, BEGINNING, None, Decimal("0.000009")) in of_type(found, "output")


def test_no_bucket_has_a_price_that_a_unit_charged_by_it_would_contradict() -> None:
    images = TieredPrices(base=Decimal(4), tiers=[Tier(start=200_000, price=Decimal(8))])
    prices = expand(a_model(ModelPrice(input_mtok=Decimal(3), input_image_mtok=images)))
    in_buckets = {p.token_type for p in prices if p.context_above_tokens == UNKNOWN_CONTEXT}
    assert not in_buckets & {"uncached_input", "input_image"}


def test_a_model_of_one_context_has_no_price_for_buckets_apart() -> None:
    prices = expand(a_model(ModelPrice(input_mtok=Decimal(2))))
    assert {p.context_above_tokens for p in prices} == {0}


def test_no_audio_of_a_model_that_does_not_state_its_price_is_charged_as_text() -> None:
    prices = ModelPrice(input_mtok=Decimal(2), cache_read_mtok=Decimal(1), output_mtok=Decimal(9))
    heard = {p.token_type for p in expand(a_model(prices), speaks=True)}
    assert not [name for name in heard if "audio" in name]
    assert "cache_audio_read" in {p.token_type for p in expand(a_model(prices))}
