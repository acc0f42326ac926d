"""Expands one catalogue model into dated rates: every interval, tier and context written out.

The rules are those by which genai-prices itself charges (`ModelInfo.get_prices`, `decompose`), so
that quantity times rate is its answer to the last digit. Where the library would charge nothing, or
the standard price for something that it does not know, there is no rate: unpriced, never free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby

from genai_prices.types import ModelInfo, TieredPrices

from meterr_etl.contract.leaves import TOKEN_TYPES
from meterr_etl.pricing.rate import UNKNOWN_CONTEXT, price_per_unit
from meterr_etl.pricing.stated import (
    PriceSet,
    Terms,
    context_thresholds,
    prices_at,
    start_dates,
    stated_terms,
    times_of_day,
)
from meterr_etl.pricing.units import AUDIO, BASES, CHARGED_AS, EXTRA_TOKEN_TYPES, UNIT_OF, UNITS

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
# Each with those that are charged as it where they have no price of their own.
CHARGED_ALIKE: Mapping[str, tuple[str, ...]] = {
    token_type: (
        token_type,
        *(unit for unit, base in EXTRA_TOKEN_TYPES.items() if base == token_type),
    )
    for token_type in UNIT_OF
}
HEARD_OR_SPOKEN = frozenset(name for name in UNIT_OF if not set(AUDIO).isdisjoint(CHARGED_AS[name]))


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
    dates = start_dates(model)
    spans = list(zip(dates, [*dates[1:], None], strict=True))
    prices: list[Price] = []
    for terms in stated_terms(model):
        for moment in times_of_day(model):
            dated = [
                (start, end, prices_at(model, terms, datetime.combine(start, moment, UTC)))
                for start, end in spans
            ]
            thresholds = context_thresholds(model)
            for threshold in thresholds:
                prices += _prices_above(terms, threshold, moment, dated, [threshold])
            if len(thresholds) > 1:
                prices += _prices_above(terms, UNKNOWN_CONTEXT, moment, dated, thresholds)
    unstated = HEARD_OR_SPOKEN if speaks else frozenset()
    return [price for price in prices if price.token_type not in unstated]


def _prices_above(
    terms: Terms,
    context_above_tokens: int,
    moment: time,
    dated: Iterable[tuple[date, date | None, PriceSet]],
    thresholds: Sequence[int],
) -> Iterator[Price]:
    # Neighbouring spans of equal price become one, so that a rate lives as long as its price.
    spans = list(dated)
    for token_type in PRICE_KEYS:
        priced = [
            (start, end, _agreed_price(held, token_type, thresholds)) for start, end, held in spans
        ]
        for unit_price, group in groupby(priced, key=lambda span: span[2]):
            same = list(group)
            if unit_price is not None:
                first, last = same[0][0], same[-1][1]
                yield Price(
                    token_type, terms, context_above_tokens, moment, first, last, unit_price
                )


def _agreed_price(prices: PriceSet, token_type: str, thresholds: Sequence[int]) -> Decimal | None:
    # What may be charged as this must agree too: where it does not, its line would find this price.
    for name in CHARGED_ALIKE[token_type] if len(thresholds) > 1 else ():
        found = {_unit_price(prices, PRICE_KEYS[name], threshold) for threshold in thresholds}
        if len(found) > 1:
            return None
    return _unit_price(prices, PRICE_KEYS[token_type], thresholds[0])


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
