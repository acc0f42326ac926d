"""Expands one catalogue model into dated rates: every interval, tier and context written out.

The rules are those by which genai-prices itself charges (`ModelInfo.get_prices`, `decompose`), so
that quantity times rate is its answer to the last digit. Where the library would charge nothing, or
the standard price for something that it does not know, there is no rate: unpriced, never free.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TypeAlias

from genai_prices.data_units import unit_data
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from genai_prices.units import UnitRegistry
from genai_prices.validation import validate_model_price

from meterr_etl.pricing.rate import BATCH, BEGINNING, STANDARD_TIER, SYNC, price_per_unit

logger = logging.getLogger(__name__)

PriceSet: TypeAlias = Mapping[str, Decimal | TieredPrices]

# Token type -> the catalogue's price keys, most specific first. The library charges a unit without
# a price of its own as part of the unit that contains it: a cached token as input, a cache write
# by TTL as a cache write, reasoning as output. Audio does not fall back, although the library lets
# it: models whose audio costs sixteen times their text are in the catalogue with the text price
# alone (gpt-4o-audio-preview).
PRICE_KEYS: Mapping[str, tuple[str, ...]] = {
    "uncached_input": ("input_mtok",),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_mtok", "input_mtok"),
    "cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "input_audio": ("input_audio_mtok",),
    "output": ("output_mtok",),
    "reasoning": ("output_reasoning_mtok", "output_mtok"),
    "output_audio": ("output_audio_mtok",),
    "web_search": ("web_searches_kcount",),
    "request": ("requests_kcount",),
}

UNITS = UnitRegistry(unit_data)


@dataclass(frozen=True)
class Terms:
    """How a request is processed, in our words and as the catalogue's variants state it."""

    processing_mode: str
    service_tier: str
    when: Mapping[str, str] = field(default_factory=dict, compare=False)


STANDARD = Terms(SYNC, STANDARD_TIER)


@dataclass(frozen=True)
class Price:
    """What one token type costs per single unit, under one set of terms, over some dates."""

    token_type: str
    terms: Terms
    context_above_tokens: int
    valid_from: date
    valid_to: date | None
    unit_price: Decimal


def expand(model: ModelInfo) -> list[Price]:
    """Return every price of a model; none for a model whose price depends on the time of day."""
    if has_time_of_day_prices(model):
        return []
    dates = _start_dates(model)
    spans = list(zip(dates, [*dates[1:], None], strict=True))
    thresholds = _thresholds(model)
    prices: list[Price] = []
    for terms in stated_terms(model):
        dated = [(start, end, _prices_on(model, terms, start)) for start, end in spans]
        for threshold in thresholds:
            prices += _prices_above(terms, threshold, dated)
    return prices


def has_time_of_day_prices(model: ModelInfo) -> bool:
    """Return whether any price of the model holds for some hours of the day only."""
    return any(isinstance(c, TimeOfDateConstraint) for c in _constraints(model))


def stated_terms(model: ModelInfo) -> list[Terms]:
    """Return the terms that the catalogue prices for this model: standard, batch, service tiers.

    Variants by anything else (speed, route, kind of search) are left out: no event names them.
    """
    terms = {STANDARD: None}
    for variant in model.price_variants or ():
        match dict(variant.when):
            case {"processing": "batch", **rest} if not rest:
                terms[Terms(BATCH, STANDARD_TIER, variant.when)] = None
            case {"service_tier": str(tier), **rest} if not rest and tier != "default":
                terms[Terms(SYNC, tier, variant.when)] = None
    return list(terms)


def _prices_above(
    terms: Terms, threshold: int, dated: Iterable[tuple[date, date | None, PriceSet]]
) -> Iterator[Price]:
    # Neighbouring spans of equal price become one, so that a rate lives as long as its price.
    spans = list(dated)
    for token_type, keys in PRICE_KEYS.items():
        priced = [(start, end, _unit_price(held, keys, threshold)) for start, end, held in spans]
        for unit_price, group in groupby(priced, key=lambda span: span[2]):
            same = list(group)
            if unit_price is not None:
                yield Price(token_type, terms, threshold, same[0][0], same[-1][1], unit_price)


def _unit_price(prices: PriceSet, keys: Iterable[str], threshold: int) -> Decimal | None:
    key = next((key for key in keys if key in prices), None)
    if key is None:
        return None
    price = prices[key]
    if isinstance(price, TieredPrices):
        # A cliff: the highest tier that starts at or below the threshold prices every token.
        reached = [tier.price for tier in price.tiers if tier.start <= threshold]
        price = reached[-1] if reached else price.base
    return price_per_unit(price, UNITS.unit_for_price_key(key).per)


def _prices_on(model: ModelInfo, terms: Terms, day: date) -> PriceSet:
    # Of several that hold the last one wins, and the first stands in where none does; of variants
    # the first wins, key by key, and what a variant does not name keeps its standard price.
    conditional = _conditional_prices(model)
    if not conditional:
        return {}
    held = next((c for c in reversed(conditional) if _holds(c.constraint, day)), conditional[0])
    prices = _stated(held.prices)
    if terms.when:
        variants = [
            variant
            for variant in model.price_variants or ()
            if variant.when == terms.when and _holds(variant.constraint, day)
        ]
        if not variants:
            return {}
        for variant in reversed(variants):
            prices |= _stated(variant.prices)
    return prices if _is_sound(model, prices) else {}


def _is_sound(model: ModelInfo, prices: PriceSet) -> bool:
    # What the library would refuse to calculate with, or would drop with a warning, is no price.
    try:
        validate_model_price(set(prices), UNITS)
    except ValueError as error:
        logger.warning("model %s is left unpriced: %s", model.id, error)
        return False
    for key, price in prices.items():
        if not all(one.is_finite() and one >= 0 for one in _amounts(price)):
            logger.warning("model %s is left unpriced: %s is %s", model.id, key, price)
            return False
    return True


def _amounts(price: Decimal | TieredPrices) -> list[Decimal]:
    if isinstance(price, TieredPrices):
        return [price.base, *(tier.price for tier in price.tiers)]
    return [price]


def _stated(prices: ModelPrice) -> dict[str, Decimal | TieredPrices]:
    return {key: price for key, price in vars(prices).items() if price is not None}


def _conditional_prices(model: ModelInfo) -> list[ConditionalPrice]:
    if isinstance(model.prices, ModelPrice):
        return [ConditionalPrice(prices=model.prices)]
    return list(model.prices)


def _holds(constraint: StartDateConstraint | None, day: date) -> bool:
    return constraint is None or day >= constraint.start_date


def _constraints(
    model: ModelInfo,
) -> Iterator[StartDateConstraint | TimeOfDateConstraint | None]:
    for stated in (*_conditional_prices(model), *(model.price_variants or ())):
        yield stated.constraint


def _start_dates(model: ModelInfo) -> list[date]:
    starts = {c.start_date for c in _constraints(model) if isinstance(c, StartDateConstraint)}
    return sorted({BEGINNING} | starts)


def _thresholds(model: ModelInfo) -> list[int]:
    # One list per model, over all dates and terms: a request's tier is decided before its rate is.
    stated = (*_conditional_prices(model), *(model.price_variants or ()))
    starts = {
        tier.start
        for one in stated
        for price in vars(one.prices).values()
        if isinstance(price, TieredPrices)
        for tier in price.tiers
    }
    return sorted({0} | starts)
