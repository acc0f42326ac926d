"""Reads what the catalogue states of one model: terms, dates, hours, thresholds and prices."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
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

from meterr_etl.pricing.rate import BATCH, BEGINNING, MIDNIGHT, STANDARD_TIER, SYNC
from meterr_etl.pricing.units import UNITS

logger = logging.getLogger(__name__)

PriceSet: TypeAlias = Mapping[str, Decimal | TieredPrices]


@dataclass(frozen=True)
class Terms:
    """How a request is processed, in our words and as the catalogue's variants state it."""

    processing_mode: str
    service_tier: str
    when: Mapping[str, str] = field(default_factory=dict, compare=False)


STANDARD = Terms(SYNC, STANDARD_TIER)


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


def prices_at(model: ModelInfo, terms: Terms, moment: datetime) -> PriceSet:
    """Return what the catalogue states for these terms at a moment; empty where it is unsound.

    Of several prices that hold the last one wins, and the first stands in where none does; of
    variants the first wins, key by key, and what a variant does not name keeps its standard price.
    """
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


def start_dates(model: ModelInfo) -> list[date]:
    """Return the dates at which a price of the model may change, the first of all included."""
    starts = {c.start_date for c in _constraints(model) if isinstance(c, StartDateConstraint)}
    return sorted({BEGINNING} | starts)


def context_thresholds(model: ModelInfo) -> list[int]:
    """Return the total inputs above which the model's prices change, 0 first.

    One list over all dates and terms: a request's tier is decided before its rate is.
    """
    stated = (*_conditional_prices(model), *(model.price_variants or ()))
    starts = {
        tier.start
        for one in stated
        for price in vars(one.prices).values()
        if isinstance(price, TieredPrices)
        for tier in price.tiers
    }
    return sorted({0} | starts)
