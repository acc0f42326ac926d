"""Reads the published known answers into our own words: disjoint leaves, a catalogue's prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices.types import Tier, TieredPrices
from genai_prices.validation import validate_model_price

from meterr_etl.pricing.expansion import UNITS

Case = Mapping[str, Any]
Prices = Mapping[str, Decimal | TieredPrices]

# LiteLLM's and tokencost's rates are per token; a suffix names the tier above which one holds.
PER_TOKEN = {
    "input_cost_per_token": "input_mtok",
    "output_cost_per_token": "output_mtok",
    "output_cost_per_reasoning_token": "output_reasoning_mtok",
    "input_cost_per_audio_token": "input_audio_mtok",
    "output_cost_per_audio_token": "output_audio_mtok",
    "cache_read_input_token_cost": "cache_read_mtok",
    "cache_creation_input_token_cost": "cache_write_mtok",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_mtok",
}
TIER_SUFFIXES = {"_above_128k_tokens": 128_000, "_above_200k_tokens": 200_000}
TOLD_TWICE = {"total_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"}

# Stated beside the rates of a case, but no part of what it asks: batch, and a search's context.
NOT_USED = ("_batches", "search_context_cost_per_query")

COUNTERS = {
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "output_reasoning_tokens",
    "web_searches",
}


@dataclass(frozen=True)
class KnownAnswer:
    """What someone else computed for some usage at some rates."""

    case_id: str
    origin: str
    prices: Prices
    leaves: Mapping[str, int]
    expected: Mapping[str, Decimal]
    tolerance: str | Mapping[str, str]


@pytest.fixture(scope="module")
def known_answers(data_dir: Path) -> list[KnownAnswer]:
    """The uncontested answers that speak of nothing but what a rate of ours can hold."""
    text = (data_dir / "pricing_cases.json").read_text(encoding="utf-8")
    cases = json.loads(text, parse_float=Decimal)["cases"]
    return [answer for case in cases if (answer := _known_answer(case))]


def _known_answer(case: Case) -> KnownAnswer | None:
    # A note on a LiteLLM case says that its counters overlap in a way of their own.
    if case["contested"] or (case["source"] == "litellm" and case["notes"]):
        return None
    prices, leaves = _prices(case), _leaves(case)
    if not prices or leaves is None:
        return None
    expected = {part: Decimal(stated) for part, stated in case["expected"].items()}
    return KnownAnswer(case["case_id"], case["source"], prices, leaves, expected, case["tolerance"])


def _prices(case: Case) -> Prices | None:
    stated = case["prices"] or {}
    is_catalogue = case["source"] == "genai-prices"
    try:
        prices = _as_stated(stated) if is_catalogue else _per_million(stated)
        validate_model_price(set(prices), UNITS)
    except (ValueError, ArithmeticError, TypeError):
        return None
    return prices


def _as_stated(prices: Mapping[str, Any]) -> Prices:
    return {
        key: TieredPrices(
            base=Decimal(value["base"]),
            tiers=[Tier(start=t["start"], price=Decimal(t["price"])) for t in value["tiers"]],
        )
        if isinstance(value, Mapping)
        else Decimal(value)
        for key, value in prices.items()
    }


def _per_million(prices: Mapping[str, Any]) -> Prices:
    base: dict[str, Decimal] = {}
    tiers: dict[str, list[Tier]] = {}
    for name, value in prices.items():
        if name.endswith(NOT_USED):
            continue
        suffix = next((s for s in TIER_SUFFIXES if name.endswith(s)), "")
        # What is not in the table stays as it is: the validation of keys then refuses the case.
        key = PER_TOKEN.get(name.removesuffix(suffix), name)
        price = Decimal(value) * 1_000_000 if key != name else Decimal(0)
        if suffix:
            tiers.setdefault(key, []).append(Tier(start=TIER_SUFFIXES[suffix], price=price))
        else:
            base[key] = price
    return {
        key: TieredPrices(base=price, tiers=tiers[key]) if key in tiers else price
        for key, price in base.items()
    }


def _leaves(case: Case) -> dict[str, int] | None:
    usage = _counters(case)
    reported = {name for name, value in usage.items() if value}
    if not reported <= COUNTERS or not all(isinstance(usage[name], int) for name in reported):
        return None

    def of(name: str) -> int:
        return int(usage.get(name) or 0)

    by_ttl = of("cache_write_5m_tokens") + of("cache_write_1h_tokens")
    written = max(of("cache_write_tokens"), by_ttl)
    inside = of("cache_read_tokens") + written + of("input_audio_tokens")
    leaves = {
        "uncached_input": of("input_tokens") - inside,
        "cache_read": of("cache_read_tokens"),
        "cache_write": written - by_ttl,
        "cache_write_5m": of("cache_write_5m_tokens"),
        "cache_write_1h": of("cache_write_1h_tokens"),
        "input_audio": of("input_audio_tokens"),
        "output": of("output_tokens") - of("output_reasoning_tokens") - of("output_audio_tokens"),
        "reasoning": of("output_reasoning_tokens"),
        "output_audio": of("output_audio_tokens"),
        "web_search": of("web_searches"),
    }
    # A negative leaf is an event that the contract rejects: no question of its price.
    return leaves if min(leaves.values()) >= 0 else None


def _counters(case: Case) -> dict[str, Any]:
    usage = dict(case["usage"] or {})
    if case["source"] == "tokencost" and "cached_tokens" in usage:
        cached = usage.pop("cached_tokens")
        return {**usage, "cache_read_tokens": cached, "input_tokens": cached}
    if case["source"] != "litellm":
        return usage
    inputs = dict(usage.pop("prompt_tokens_details", None) or {})
    outputs = dict(usage.pop("completion_tokens_details", None) or {})
    named = {
        "input_tokens": usage.pop("prompt_tokens", 0),
        "output_tokens": usage.pop("completion_tokens", 0),
        "cache_read_tokens": inputs.pop("cached_tokens", 0),
        "cache_write_tokens": inputs.pop("cache_creation_tokens", 0),
        "input_audio_tokens": inputs.pop("audio_tokens", 0),
        "output_audio_tokens": outputs.pop("audio_tokens", 0),
        "output_reasoning_tokens": outputs.pop("reasoning_tokens", 0),
        "web_searches": inputs.pop("web_search_requests", 0),
    }
    others = {**usage, **inputs, **outputs}
    skipped = TOLD_TWICE | {"text_tokens"}
    return {**named, **{name: value for name, value in others.items() if name not in skipped}}
