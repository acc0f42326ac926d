"""Answers that others published for their own rates: source table in, marts out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from .conftest import Meter
from .known_answers import KnownAnswer, agree, is_input, read_answers

DAY = date(2026, 11, 20)
MOMENT = f"{DAY} 12:00:00+00"
COLUMN_OF = {
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "input_audio": "input_audio_tokens",
    "reasoning": "reasoning_tokens",
    "output_audio": "output_audio_tokens",
    "web_search": "web_search_requests",
}
INPUT_COLUMNS = ("cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "input_audio")

# Parts that exceed their total, or parts of a token: no event, so no question of its price.
ILLEGAL = {
    "genai-prices-0088",
    "genai-prices-0097",
    "genai-prices-0110",
    "genai-prices-0130",
}
# What we answer where sources disagree: the request's total input picks one tier for every token of
# it, cached ones and output too (ARCHITECTURE, decision on contested answers).
DECIDED = {
    "litellm-0014": {"input": "0.45", "output": "0.03"},
    "litellm-0015": {"input": "0.0738", "output": "0.009"},
    "litellm-0016": {"input": "12.0", "output": "0.3"},
}


def event_of(answer: KnownAnswer) -> dict[str, object]:
    """The answer's usage as a row of the canonical source, inclusive of its parts."""
    whole = dict(answer.leaves)
    row: dict[str, object] = {
        "source_event_id": answer.case_id,
        "source_updated_at": MOMENT,
        "event_at": MOMENT,
        "tenant_id": answer.case_id,
        "provider": answer.source,
        "model": answer.case_id,
        "usage_basis": "inclusive",
    }
    uncached, output = whole.pop("uncached_input", Decimal(0)), whole.pop("output", Decimal(0))
    for name, column in COLUMN_OF.items():
        if name in whole:
            row[column] = whole[name]
    row["input_tokens"] = uncached + sum(whole.get(n, Decimal(0)) for n in INPUT_COLUMNS)
    row["output_tokens"] = output + sum(
        whole.get(n, Decimal(0)) for n in ("reasoning", "output_audio")
    )
    extra = {name: float(q) for name, q in whole.items() if name not in COLUMN_OF}
    if extra:
        row["extra_units"] = extra
    return row


@pytest.fixture
def answered(
    meter: Meter, data_dir: Path, plant_rates: Callable[..., int]
) -> tuple[list[KnownAnswer], dict[str, dict[str, Decimal]], set[str]]:
    """Every case as one event of one night: the cases, the marts' costs by part, the dead."""
    answers = read_answers(data_dir)
    meter.create_table("canonical")
    meter.as_text("usage_events")
    meter.load("usage_events", (event_of(answer) for answer in answers))
    plant_rates(rate for answer in answers for rate in answer.rates())
    meter.run("canonical", DAY)
    costs: dict[str, dict[str, Decimal]] = {}
    for tenant, token_type, cost in meter.rows(
        "select tenant_id, token_type, sum(list_cost) from marts.fct_usage_cost_daily group by 1, 2"
    ):
        costs.setdefault(str(tenant), {})[str(token_type)] = Decimal(str(cost or 0))
    dead = meter.rows("select source_event_id from staging.dead_letters")
    return answers, costs, {str(row[0]) for row in dead}


def parts_of(cost: dict[str, Decimal], origin: str) -> dict[str, Decimal]:
    """The marts' lines summed as the answers' parts."""
    inputs = sum((c for name, c in cost.items() if is_input(name)), Decimal(0))
    # LiteLLM counts searches among the output.
    outside = {"request"} if origin == "litellm" else {"request", "web_search"}
    output = sum(
        (
            c
            for name, c in cost.items()
            if not is_input(name)
            and name not in outside
            and (origin == "litellm" or "output" in name or name == "reasoning")
        ),
        Decimal(0),
    )
    total = sum(cost.values(), Decimal(0))
    return {
        "input": inputs,
        "output": output,
        "total": total,
        "cache_read": cost.get("cache_read", Decimal(0)),
    }


@pytest.mark.data
def test_all_known_answers_are_met_at_their_tolerance(answered) -> None:
    answers, costs, dead = answered
    assert dead == ILLEGAL
    assert len(answers) == 289
    wrong = {}
    for answer in answers:
        if answer.case_id in dead:
            continue
        ours = parts_of(costs.get(answer.case_id, {}), answer.source)
        expected = {
            part: Decimal(stated) for part, stated in DECIDED.get(answer.case_id, {}).items()
        } or answer.expected
        assert bool(answer.contested) is (answer.case_id in DECIDED)
        for part, stated in expected.items():
            if not agree(ours[part], stated, answer.tolerance_of(part)):
                wrong[answer.case_id, part] = (ours[part], stated)
    assert not wrong


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
