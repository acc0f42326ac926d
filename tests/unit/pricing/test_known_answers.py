"""Answers that others published for their own rates, given to our expansion as a catalogue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

import pytest
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice

from meterr_etl.pricing.expansion import expand

INPUTS = (
    "uncached_input",
    "cache_read",
    "cache_write",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
)
OUTPUTS = ("output", "reasoning", "output_audio")

# How many cases per origin can be asked; fewer would mean that their reader has gone blind.
FITTING = {"genai-prices": 121, "litellm": 20, "tokencost": 37}

# Asks for audio at the text rate, since its rates name no other: here that is no rate at all.
AUDIO_AS_TEXT = "genai-prices-0096"


class KnownAnswer(Protocol):
    case_id: str
    origin: str
    prices: Mapping[str, Decimal]
    leaves: Mapping[str, int]
    expected: Mapping[str, Decimal]
    tolerance: str | Mapping[str, str]


@pytest.mark.data
@pytest.mark.parametrize("origin", sorted(FITTING))
def test_known_answers_are_met_at_their_tolerance(
    origin: str, known_answers: list[KnownAnswer]
) -> None:
    fitting = [answer for answer in known_answers if answer.origin == origin]
    assert len(fitting) >= FITTING[origin]
    wrong = {}
    for answer in fitting:
        if answer.case_id == AUDIO_AS_TEXT:
            continue
        costs = costs_of(answer)
        for part, stated in answer.expected.items():
            if not agree(costs[part], stated, tolerance_of(answer, part)):
                wrong[answer.case_id, part] = (costs[part], stated)
    assert not wrong


@pytest.mark.data
def test_audio_without_a_price_of_its_own_is_not_priced_as_text(
    known_answers: list[KnownAnswer],
) -> None:
    answer = next(answer for answer in known_answers if answer.case_id == AUDIO_AS_TEXT)
    assert answer.leaves["input_audio"] > 0
    assert not {"input_audio", "output_audio"} & unit_prices(answer).keys()
    with pytest.raises(KeyError, match="audio"):
        costs_of(answer)


@pytest.mark.parametrize(
    ("ours", "tolerance", "agrees"),
    [
        ("0.123", "exact", True),
        ("0.123000000001", "exact", False),
        ("0.1230001", "rel 1e-6", True),
        ("0.1231", "rel 1e-6", False),
        ("0.1234", "round 3 decimals", True),
        ("0.1239", "round 3 decimals", False),
        ("0.12300000000000001", "float equality", True),
        ("0.12300000000001", "float equality", False),
    ],
)
def test_an_answer_outside_its_tolerance_is_noticed(
    ours: str, tolerance: str, agrees: bool
) -> None:
    assert agree(Decimal(ours), Decimal("0.123"), tolerance) is agrees


def costs_of(answer: KnownAnswer) -> dict[str, Decimal]:
    prices = unit_prices(answer)
    lines = {name: quantity for name, quantity in answer.leaves.items() if quantity}
    # A request fee counts once per call and belongs to neither side.
    if "request" in prices:
        lines["request"] = 1
    cost = {name: quantity * prices[name] for name, quantity in lines.items() if name in prices}
    unpriced = lines.keys() - cost.keys()
    # The library gives away what has no price; audio alone could have fallen back on text.
    if unpriced & {"input_audio", "output_audio"}:
        raise KeyError(f"audio without a rate: {sorted(unpriced)}")

    def total(names: Iterable[str]) -> Decimal:
        return sum((cost.get(name, Decimal(0)) for name in names), Decimal(0))

    return {
        "input": total(INPUTS),
        "output": total(OUTPUTS),
        "cache_read": total(["cache_read"]),
        "total": total(cost),
    }


def unit_prices(answer: KnownAnswer) -> dict[str, Decimal]:
    model = ModelInfo(
        id="case", match=ClauseEquals(equals="case"), prices=ModelPrice(**answer.prices)
    )
    total_input = sum(answer.leaves[name] for name in INPUTS)
    expanded = expand(model)
    context = max(
        (p.context_above_tokens for p in expanded if total_input > p.context_above_tokens),
        default=0,
    )
    today = date(2026, 11, 20)
    return {
        p.token_type: p.unit_price
        for p in expanded
        if p.context_above_tokens == context and p.valid_from <= today
    }


def tolerance_of(answer: KnownAnswer, part: str) -> str:
    stated = answer.tolerance
    return stated[part] if isinstance(stated, Mapping) else stated


def agree(ours: Decimal, stated: Decimal, tolerance: str) -> bool:
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
