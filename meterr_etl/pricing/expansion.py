"""Expands one catalogue model into dated rates: every interval, tier and context written out.

The rules are those by which genai-prices itself charges (`ModelInfo.get_prices`, `decompose`), so
that quantity times rate is its answer to the last digit. Where the library would charge nothing, or
the standard price for something that it does not know, there is no rate: unpriced, never free.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby
from typing import TypeAlias

from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from genai_prices.validation import validate_model_price

from meterr_etl.contract.leaves import TOKEN_TYPES
from meterr_etl.pricing.rate import (
    BATCH,
    BEGINNING,
    MIDNIGHT,
    STANDARD_TIER,
    SYNC,
    price_per_unit,
)
from meterr_etl.pricing.units import BASES, CHARGED_AS, UNIT_OF, UNITS

logger = logging.getLogger(__name__)

PriceSet: TypeAlias = Mapping[str, Decimal | TieredPrices]

# Token type -> the catalogue's price keys, most specific first. What has a column of its own gets
# a rate even where it is charged as plain input or output; the many other units only where
# something nearer has a price, since the join of a line falls back on the two.
PRICE_KEYS: Mapping[str, tuple[str, ...]] = {
    token_type: tuple(
        UNIT_OF[name].price_key
        for name in CHARGED_AS[token_type]
        if token_type in TOKEN_TYPES or name not in BASES
    )
    for token_type in UNIT_OF
}
AUDIO = ("input_audio", "output_audio")


@dataclass(frozen=True)
class Terms:
    """How a request is processed, in our words and as the catalogue's variants state it."""

    processing_mode: str
    service_tier: str
    when: Mapping[str, str] = field(default_factory=dict, compare=False)


STANDARD = Terms(SYNC, STANDARD_TIER)


@dataclass(frozen=True)
class Price:
    """What one token type costs per single unit, under one set of terms, over some dates.

    It holds from `time_of_day_from` (UTC) until the model's next time of day.
    """

    token_type: str
    terms: Terms
    context_above_tokens: int
    time_of_day_from: time
    valid_from: date
    valid_to: date | None
    unit_price: Decimal


def expand(model: ModelInfo, *, speaks: bool = False) -> list[Price]:
    """Return every price of a model.

    `speaks` says that its audio has a price which the catalogue does not state.
    """
    dates = _start_dates(model)
    spans = list(zip(dates, [*dates[1:], None], strict=True))
    prices: list[Price] = []
    for terms in stated_terms(model):
        for moment in times_of_day(model):
            dated = [
                (start, end, _prices_at(model, terms, datetime.combine(start, moment, UTC)))
                for start, end in spans
            ]
            for threshold in _thresholds(model):
                prices += _prices_above(terms, threshold, moment, dated)
    unstated = AUDIO if speaks else ()
    return [price for price in prices if price.token_type not in unstated]


def times_of_day(model: ModelInfo) -> list[time]:
    """Return the times (UTC) at which a price of the model changes every day, midnight first."""
    constraints = [c for c in _constraints(model) if isinstance(c, TimeOfDateConstraint)]
    edges = {_utc_time(edge) for c in constraints for edge in (c.start_time, c.end_time)}
    return sorted({MIDNIGHT} | edges)


def stated_terms(model: ModelInfo) -> list[Terms]:
    """Return the terms that the catalogue prices for this model: standard, batch, service tiers.

    A variant by anything else (a kind of search, a route) is a tier of the name `key=value`, but
    for Anthropic's speed, which is told like a tier.
    """
    terms = {STANDARD: None}
    for variant in model.price_variants or ():
        match dict(variant.when):
            case {"processing": "batch", **rest} if not rest:
                terms[Terms(BATCH, STANDARD_TIER, variant.when)] = None
            case {"service_tier": str(tier), **rest} if not rest and tier != "default":
                terms[Terms(SYNC, tier, variant.when)] = None
            case {"speed": str(tier), **rest} if not rest:
                terms[Terms(SYNC, tier, variant.when)] = None
            case {"service_tier": "default"}:
                pass
            case when if len(when) == 1:
                (key, value), *_ = when.items()
                terms[Terms(SYNC, f"{key}={value}", variant.when)] = None
            case _:
                logger.warning("model %s: no event names the terms %s", model.id, variant.when)
    return list(terms)


def _prices_above(
    terms: Terms,
    threshold: int,
    moment: time,
    dated: Iterable[tuple[date, date | None, PriceSet]],
) -> Iterator[Price]:
    # Neighbouring spans of equal price become one, so that a rate lives as long as its price.
    spans = list(dated)
    for token_type, keys in PRICE_KEYS.items():
        priced = [(start, end, _unit_price(held, keys, threshold)) for start, end, held in spans]
        for unit_price, group in groupby(priced, key=lambda span: span[2]):
            same = list(group)
            if unit_price is not None:
                first, last = same[0][0], same[-1][1]
                yield Price(token_type, terms, threshold, moment, first, last, unit_price)


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


def _prices_at(model: ModelInfo, terms: Terms, moment: datetime) -> PriceSet:
    # Of several that hold the last one wins, and the first stands in where none does; of variants
    # the first wins, key by key, and what a variant does not name keeps its standard price.
    conditional = _conditional_prices(model)
    if not conditional:
        return {}
    held = next((c for c in reversed(conditional) if _holds(c.constraint, moment)), conditional[0])
    prices = _stated(held.prices)
    if terms.when:
        variants = [
            variant
            for variant in model.price_variants or ()
            if variant.when == terms.when and _holds(variant.constraint, moment)
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


def _holds(constraint: StartDateConstraint | TimeOfDateConstraint | None, moment: datetime) -> bool:
    return constraint is None or constraint.active(moment)


def _utc_time(edge: time) -> time:
    # The library reads a time without a zone as UTC; one with a zone has no date, so no summer.
    moment = datetime.combine(date(2000, 1, 2), edge)
    return moment.astimezone(UTC).time() if edge.tzinfo else edge


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
