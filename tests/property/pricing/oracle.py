"""What genai-prices calculates for disjoint leaves, and random calls over all that it can price."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from genai_prices.types import ModelInfo, Provider, Usage

from meterr_etl.pricing.catalogue import catalogue_models, catalogue_rates
from meterr_etl.pricing.catalogue import snapshot as catalogue_snapshot
from meterr_etl.pricing.rate import BATCH, STANDARD_TIER, Rate
from meterr_etl.pricing.stated import STANDARD, stated_terms
from meterr_etl.pricing.units import EXTRA_TOKEN_TYPES, UNIT_OF, UNITS

INPUTS = tuple(
    name
    for name, unit in UNIT_OF.items()
    if (unit.dimensions["family"], unit.dimensions.get("direction")) == ("tokens", "input")
)
FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2026, 11, 19)

Key = tuple[str, str, str, str]
Leaves = Mapping[str, int]


class Book:
    """The expanded rates, found the way the warehouse joins them."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.rates: dict[Key, list[Rate]] = defaultdict(list)
        self.thresholds: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.times: dict[tuple[str, str], set[time]] = defaultdict(set)
        for rate in rates:
            key = (rate.provider_id, rate.model_id, rate.processing_mode, rate.service_tier)
            self.rates[key].append(rate)
            self.thresholds[key[:2]].add(rate.context_above_tokens)
            self.times[key[:2]].add(rate.time_of_day_from)

    def on(self, key: Key, at: datetime, total_input: int) -> dict[str, Decimal]:
        """Unit price by token type for a request of one size at one moment."""
        context = max((t for t in self.thresholds[key[:2]] if 0 < t < total_input), default=0)
        moment = max(t for t in self.times[key[:2]] if t <= at.time())
        found: dict[str, Decimal] = {}
        for rate in self.rates[key]:
            day = at.date()
            holds = rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)
            if holds and rate.context_above_tokens == context and rate.time_of_day_from == moment:
                assert rate.token_type not in found, f"two rates hold for {key} at {at}"
                found[rate.token_type] = rate.unit_price
        bases = {name: found[base] for name, base in EXTRA_TOKEN_TYPES.items() if base in found}
        return bases | found


BOOK = Book(catalogue_rates())
PROVIDERS: Mapping[str, Provider] = {p.id: p for p in catalogue_snapshot().providers}
MODELS: Mapping[tuple[str, str], ModelInfo] = {(p, m.id): m for p, m in catalogue_models()}
KEYS_BY_PROVIDER: dict[str, list[Key]] = defaultdict(list)
for known_key in BOOK.rates:
    KEYS_BY_PROVIDER[known_key[0]].append(known_key)


@dataclass(frozen=True)
class PricedCall:
    """One request: which rates, what it used, when."""

    key: Key
    leaves: Leaves
    at: datetime


def context_of(key: Key) -> dict[str, str]:
    """The price context by which the library finds the same terms."""
    provider_id, model_id, mode, tier = key
    if (mode, tier) == (STANDARD.processing_mode, STANDARD.service_tier):
        return {}
    model = MODELS[provider_id, model_id]
    found = next(
        terms
        for terms in stated_terms(model)
        if (terms.processing_mode, terms.service_tier) == (mode, tier)
    )
    return dict(found.when)


def usage_of(leaves: Leaves) -> Usage:
    """The library's overlapping counters: each holds its own leaf and those within it."""
    totals = dict.fromkeys((key for key in UNITS.units if key != "requests"), 0)
    for name, quantity in leaves.items():
        unit = UNIT_OF[name]
        for usage_key in (unit.usage_key, *UNITS.ancestor_usage_keys(unit.usage_key)):
            totals[usage_key] += quantity
    return Usage(**totals)


def library_total(call: PricedCall) -> Decimal:
    """What genai-prices calculates."""
    model = MODELS[call.key[:2]]
    calculated = model.calc_price(
        usage_of(call.leaves),
        PROVIDERS[call.key[0]],
        genai_request_timestamp=call.at,
        price_context=context_of(call.key),
    )
    return calculated.total_price


def rates_total(call: PricedCall) -> Decimal:
    """The sum of the price lines; a request is one line of quantity 1."""
    prices = BOOK.on(call.key, call.at, total_input(call.leaves))
    lines = {**call.leaves, "request": 1} if "request" in prices else call.leaves
    return sum((quantity * prices[name] for name, quantity in lines.items()), Decimal(0))


def total_input(leaves: Leaves) -> int:
    """All input tokens of a request."""
    return sum(leaves.get(name, 0) for name in INPUTS)


def claimed(key: Key, at: datetime) -> list[str]:
    """The token types that have a rate at a moment, but for the request itself."""
    return sorted(set(BOOK.on(key, at, 0)) - {"request"})


def edge_moments(key: Key) -> Iterator[datetime]:
    """First and last microsecond of each rate and of each of its hours."""
    for rate in BOOK.rates[key]:
        first = max(rate.valid_from, FIRST_DAY)
        last = min(rate.valid_to - timedelta(days=1) if rate.valid_to else LAST_DAY, LAST_DAY)
        for day in (first, last):
            for start in BOOK.times[key[:2]]:
                moment = datetime.combine(day, start, UTC)
                yield moment
                yield (
                    moment + timedelta(days=1, microseconds=-1)
                    if start == time(0)
                    else moment - timedelta(microseconds=1)
                )


def edge_sizes(key: Key) -> list[int]:
    """One token below, on and above each context threshold."""
    return sorted({max(t + n, 0) for t in BOOK.thresholds[key[:2]] for n in (-1, 0, 1)})


def spread(types: Iterable[str], size: int) -> dict[str, int]:
    """Leaves that add up to a total input, every type of them used where it is large enough."""
    names = list(types)
    inputs = [name for name in names if name in INPUTS]
    leaves = dict.fromkeys(names, 7)
    for name in inputs:
        leaves[name] = size // len(inputs)
    if inputs:
        leaves[inputs[0]] += size % len(inputs)
    return leaves


def random_call(chance: random.Random, days: list[date] | None = None) -> PricedCall | None:
    """A call of a random provider's random model; None where nothing has a rate then."""
    key = chance.choice(KEYS_BY_PROVIDER[chance.choice(sorted(KEYS_BY_PROVIDER))])
    day = chance.choice(days) if days else _any_day(chance, key)
    seconds = chance.choice([0, 86_399, chance.randrange(86_400)])
    at = datetime.combine(day, time(0), UTC) + timedelta(seconds=seconds)
    types = claimed(key, at)
    if not types:
        return None
    used = chance.sample(types, k=min(len(types), chance.randrange(1, 7)))
    leaves = {name: chance.choice([0, 1, 40, chance.randrange(2_000_000)]) for name in used}
    if "uncached_input" in leaves and chance.random() < 0.5:
        # Land on a context threshold, or just beside it.
        threshold = chance.choice(sorted(BOOK.thresholds[key[:2]]))
        others = total_input(leaves) - leaves["uncached_input"]
        leaves["uncached_input"] = max(threshold + chance.randrange(-1, 2) - others, 0)
    return PricedCall(key, leaves, at)


def _any_day(chance: random.Random, key: Key) -> date:
    turns = [rate.valid_from for rate in BOOK.rates[key] if rate.valid_from > FIRST_DAY]
    if turns and chance.random() < 0.5:
        return chance.choice(turns) - timedelta(days=chance.randrange(2))
    return FIRST_DAY + timedelta(days=chance.randrange((LAST_DAY - FIRST_DAY).days))


def equal(ours: Decimal, theirs: Decimal, leaves: Leaves) -> bool:
    """To the last digit, but for prices per hour, which have no finite decimal by the second."""
    if any(name.endswith("seconds") and quantity for name, quantity in leaves.items()):
        return abs(ours - theirs) <= Decimal("1e-15")
    return ours == theirs


def is_batch(key: Key) -> bool:
    """Whether the rates are those of batches."""
    return key[2] == BATCH


def tier_of(key: Key) -> str | None:
    """The service tier as an event names it."""
    return None if key[3] == STANDARD_TIER else key[3]
