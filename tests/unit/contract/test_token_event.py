"""The canonical event as Python callers see it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from pydantic import ValidationError

from meterr_etl.contract.leaves import LEAVES
from meterr_etl.contract.token_event import TokenEvent, derived_fields, judge, mapped_fields

ROW = {
    "_row": "(0,1)",
    "source_event_id": UUID("0190b2a4-7e51-7cc0-9d7f-3f1c8a6f2b11"),
    "event_at": "2026-11-14T05:03:02Z",
    "source_updated_at": "2026-11-14T05:03:02Z",
    "tenant_id": "acme",
    "provider": "anthropic",
    "model": "claude",
    "usage_basis": "exclusive",
    "input_tokens": 100,
    "cache_read_tokens": 5000,
    "output_tokens": "40.0",
    "reasoning_tokens": 15,
}


def test_a_legal_row_becomes_a_frozen_event_with_its_leaves():
    event = judge(ROW)
    assert isinstance(event, TokenEvent)
    assert (event.uncached_input, event.cache_read_tokens) == (100, 5000)
    assert (event.output, event.reasoning_tokens) == (25, 15)
    assert event.source_event_id == "0190b2a4-7e51-7cc0-9d7f-3f1c8a6f2b11"
    with pytest.raises(ValidationError, match="frozen"):
        event.tenant_id = "other"


def test_a_leaf_can_not_be_dictated_by_the_row():
    event = judge({**ROW, "uncached_input": 7, "output": -7})
    assert isinstance(event, TokenEvent)
    assert (event.uncached_input, event.output) == (100, 25)


def test_what_was_not_reported_stays_unknown_instead_of_zero():
    event = judge({**ROW, "input_tokens": None, "web_search_requests": ""})
    assert isinstance(event, TokenEvent)
    assert event.uncached_input is None
    assert event.web_search_requests is None


def test_money_keeps_every_digit():
    event = judge({**ROW, "reported_cost": "0.1234567890123456789012345678901234567890",
                   "reported_cost_currency": "USD"})  # fmt: skip
    assert isinstance(event, TokenEvent)
    assert event.reported_cost == Decimal("0.1234567890123456789012345678901234567890")


def test_a_float_is_no_amount():
    assert judge({**ROW, "reported_cost": 0.1}) == ("reported_cost_malformed",)


def test_every_leaf_and_its_parts_are_fields_of_the_event():
    mapped, derived = mapped_fields(), derived_fields()
    for leaf in LEAVES:
        assert set(leaf.needs) <= set(mapped)
        assert (leaf.token_type in derived) == (leaf.total is not None)
        assert leaf.total is not None or mapped[leaf.column].place == "leaf"
    assert sum(note.place == "leaf" for note in mapped.values()) + len(derived) == len(LEAVES)
