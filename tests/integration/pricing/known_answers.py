"""Reads the published known answers into our own words: disjoint leaves, rates of their own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_prices.decompose import compute_leaf_values
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, Tier, TieredPrices, Usage

from meterr_etl.pricing.expansion import expand
from meterr_etl.pricing.rate import BEGINNING, STANDARD_TIER, SYNC, Rate
from meterr_etl.pricing.units import CHARGED_AS, UNITS, token_type_of

Case = Mapping[str, Any]
# Prices by token type and the threshold above which they hold.
Prices = dict[tuple[str, int], Decimal]

# LiteLLM's and tokencost's rates are per token; a suffix names the tier above which one holds.
PER_TOKEN = {
    "input_cost_per_token": "uncached_input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "citation_cost_per_token": "input_citation",
}
TIER_SUFFIXES = {"_above_128k_tokens": 128_000, "_above_200k_tokens": 200_000}

# Units of somebody's own that genai-prices lets its callers add: price key -> usage key, per one.
OWN_UNITS = {"sausage_price": "sausages", "bonus_price": "bonus_units"}

CITATIONS = "input_citation"
INPUT_NAMES = ("uncached_input", "cache_", "input_")


@dataclass(frozen=True)
class KnownAnswer:
    """What someone else computed for some usage at some rates."""

    case_id: str
    source: str
    prices: Prices
    leaves: Mapping[str, Decimal]
    reported: Mapping[str, Any]
    expected: Mapping[str, Decimal]
    tolerance: str | Mapping[str, str]
    contested: str | None = field(default=None)

    @property
    def is_legal(self) -> bool:
        """Whether the contract takes the usage: whole tokens, parts within their totals."""
        return all(
            quantity >= 0 and (name in OWN_UNITS.values() or "seconds" in name or quantity % 1 == 0)
            for name, quantity in self.leaves.items()
        )

    def rates(self) -> list[Rate]:
        """The case's own rates, under a provider and a model of its name."""
        return [
            Rate(
                catalogue="known answers",
                catalogue_version="1",
                provider_id=self.source,
                model_id=self.case_id,
                token_type=token_type,
                processing_mode=SYNC,
                service_tier=STANDARD_TIER,
                context_above_tokens=threshold,
                valid_from=BEGINNING,
                valid_to=None,
                unit_price=price,
            )
            for (token_type, threshold), price in self.prices.items()
        ]

    def tolerance_of(self, part: str) -> str:
        """How near our answer for a part must come."""
        stated = self.tolerance
        return stated[part] if isinstance(stated, Mapping) else stated


def read_answers(data_dir: Path) -> list[KnownAnswer]:
    """Return every case of the file, the contested ones with what they are contested for."""
    text = (data_dir / "pricing_cases.json").read_text(encoding="utf-8")
    return [_known_answer(case) for case in json.loads(text, parse_float=Decimal)["cases"]]


def _known_answer(case: Case) -> KnownAnswer:
    is_catalogue = case["source"] == "genai-prices"
    leaves = _catalogue_leaves(case["usage"]) if is_catalogue else _gateway_leaves(case)
    prices = _catalogue_prices(case) if is_catalogue else _gateway_prices(case["prices"])
    return KnownAnswer(
        case["case_id"],
        case["source"],
        prices,
        {name: quantity for name, quantity in leaves.items() if quantity},
        case["usage"],
        {part: Decimal(stated) for part, stated in case["expected"].items()},
        case["tolerance"],
        case["contested"],
    )


def _catalogue_leaves(usage: Mapping[str, Any]) -> dict[str, Decimal]:
    numbers = {key: Decimal(value) for key, value in usage.items() if value is not None}
    own = {key: value for key, value in numbers.items() if key in OWN_UNITS.values()}
    known = {key: value for key, value in numbers.items() if key in UNITS.units}
    try:
        found = compute_leaf_values(set(known), Usage(**known), UNITS.units)
    except ValueError:
        # Parts exceed their total: an illegal event, which a negative leaf stands for.
        return {"uncached_input": Decimal(-1)}
    return {token_type_of(key): Decimal(str(value)) for key, value in found.items()} | own


def _catalogue_prices(case: Case) -> Prices:
    stated = {
        key: TieredPrices(
            base=Decimal(value["base"]),
            tiers=[Tier(start=t["start"], price=Decimal(t["price"])) for t in value["tiers"]],
        )
        if isinstance(value, Mapping)
        else Decimal(value)
        for key, value in (case["prices"] or {}).items()
    }
    own = {(OWN_UNITS[key], 0): stated.pop(key) for key in list(stated) if key in OWN_UNITS}
    model = ModelInfo(id="case", match=ClauseEquals(equals="case"), prices=ModelPrice(**stated))
    return {(p.token_type, p.context_above_tokens): p.unit_price for p in expand(model)} | own


def _gateway_leaves(case: Case) -> dict[str, Decimal]:
    usage = dict(case["usage"])
    if case["source"] == "tokencost":
        return {
            "cache_read": Decimal(usage.get("cached_tokens") or 0),
            "uncached_input": Decimal(usage.get("input_tokens") or 0),
            "output": Decimal(usage.get("output_tokens") or 0),
        }
    inputs = usage.get("prompt_tokens_details") or {}
    outputs = usage.get("completion_tokens_details") or {}

    def of(details: Mapping[str, Any], name: str) -> Decimal:
        return Decimal(details.get(name) or 0)

    leaves = {
        "cache_read": of(inputs, "cached_tokens") or of(usage, "cache_read_input_tokens"),
        "cache_write": of(inputs, "cache_creation_tokens")
        or of(usage, "cache_creation_input_tokens"),
        "input_audio": of(inputs, "audio_tokens"),
        "input_image": of(inputs, "image_tokens"),
        "web_search": of(inputs, "web_search_requests"),
        "output_audio": of(outputs, "audio_tokens"),
        "reasoning": of(outputs, "reasoning_tokens") or of(usage, "reasoning_tokens"),
        CITATIONS: of(usage, "citation_tokens"),
    }
    beside = sum(
        leaves[name] for name in ("cache_read", "cache_write", "input_audio", "input_image")
    )
    # Its details are leaves already where they name the text; a note says where they come on top.
    leaves["uncached_input"] = of(inputs, "text_tokens") or of(usage, "prompt_tokens") - beside
    within = leaves["output_audio"] + (Decimal(0) if case["notes"] else leaves["reasoning"])
    text = Decimal(0) if case["notes"] else of(outputs, "text_tokens")
    leaves["output"] = text or of(usage, "completion_tokens") - within
    return leaves


def _gateway_prices(stated: Mapping[str, Any]) -> Prices:
    prices: Prices = {}
    for name, value in stated.items():
        suffix = next((s for s in TIER_SUFFIXES if name.endswith(s)), "")
        token_type = PER_TOKEN.get(name.removesuffix(suffix))
        if name == "tiered_pricing":
            for tier in value:
                above = int(Decimal(str(tier["range"][0])))
                prices |= {
                    (PER_TOKEN[n], above): Decimal(str(p)) for n, p in tier.items() if n != "range"
                }
        elif name == "search_context_cost_per_query":
            # The note says so: the value is per thousand queries, whatever their context's size.
            prices["web_search", 0] = Decimal(str(value["search_context_size_medium"])) / 1000
        elif token_type and _is_number(value):
            prices[token_type, TIER_SUFFIXES.get(suffix, 0)] = Decimal(str(value))
    return _with_fallbacks(prices)


def _with_fallbacks(prices: Prices) -> Prices:
    # A tier moves every token type; and what has no price of its own costs what contains it.
    filled: Prices = {}
    bases = {name for name, _ in prices}
    for threshold in sorted({threshold for _, threshold in prices}):
        for token_type in {*CHARGED_AS, CITATIONS} - {"request"}:
            for name in CHARGED_AS.get(token_type, (token_type,)):
                if name in bases and (
                    token_type not in ("input_audio", "output_audio") or name == token_type
                ):
                    below = max(t for n, t in prices if n == name and t <= threshold)
                    filled[token_type, threshold] = prices[name, below]
                    break
    return filled


def _is_number(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except ArithmeticError:
        return False


def is_input(token_type: str) -> bool:
    """Whether an answer counts a token type among its input."""
    return token_type.startswith(INPUT_NAMES)


def agree(ours: Decimal, stated: Decimal, tolerance: str) -> bool:
    """Whether two answers are equal at a stated tolerance."""
    match tolerance.split():
        case ["exact"]:
            return ours == stated
        case ["rel", share]:
            return abs(ours - stated) <= abs(stated) * Decimal(share)
        case ["round", digits, "decimals"]:
            return round(ours, int(digits)) == round(stated, int(digits))
        case ["float", "equality"]:
            # Theirs is the sum of floats: its last bit is not ours to match.
            return math.isclose(ours, stated, rel_tol=1e-15)
    raise AssertionError(f"unknown tolerance {tolerance}")
