"""Every reason code is what exactly its own fault causes, in pydantic and in SQL."""

from __future__ import annotations

import pytest

from meterr_etl.contract.measures import Amount, Counter, Moment
from meterr_etl.contract.objects import JsonObject
from meterr_etl.contract.token_event import judge, mapped_fields, reason_codes
from meterr_etl.contract.words import Choice, Code, Flag, Text

FIELDS = mapped_fields()

# Fault of a kind of field, by the suffix of its reason; what SQL can't hold is tested apart.
FAULTS_BY_KIND: dict[type, dict[str, str | None]] = {
    Counter: {"malformed": "12a", "negative": "-1", "too_large": "1000000000001"},
    Amount: {"malformed": "1,5", "too_large": "1000000000000.1"},
    Moment: {
        "missing": None,
        "malformed": "2026-02-30 00:00:00+00",
        "before_2020": "1970-01-01 00:00:00+00",
        "after_2099": "2100-01-01 00:00:00+00",
    },
    Choice: {"unknown": "both"},
    Code: {"malformed": "dollars"},
    Flag: {"malformed": "maybe"},
    Text: {"too_long": "x" * 513},
}
FAULTS_OF_FIELDS: dict[str, dict[str, str | None]] = {
    "event_at_after_update": {
        "event_at": "2026-11-15 05:03:02.123457+00",
        "source_updated_at": "2026-11-14 05:03:02.123456+00",
    },
    "reported_cost_currency_missing": {"reported_cost_currency": None},
    "uncached_input_negative": {"cache_read_tokens": "931"},
    "output_negative": {"output_audio_tokens": "251"},
    "tags_malformed": {"tags": "[1]"},
    "tags_too_large": {"tags": '{"prompt": "' + "x" * 65_536 + '"}'},
    "extra_units_malformed": {"extra_units": '{"images": "two"}'},
    "extra_units_negative": {"extra_units": '{"images": -1}'},
    "extra_units_reserved": {"extra_units": '{"cache_read": 1}'},
    "extra_units_too_large": {"extra_units": '{"images": 1000000000001}'},
}


def planted_faults() -> dict[str, dict[str, str | None]]:
    """Every reason code with the change of a legal row that causes it."""
    by_kind = {
        f"{name}_{code}": {name: value}
        for name, note in FIELDS.items()
        for code, value in FAULTS_BY_KIND.get(type(note.rule), {}).items()
    }
    missing = {
        f"{name}_missing": {name: value}
        for name, note in FIELDS.items()
        for value in (None,)
        if "missing" in note.rule.codes
    }
    return by_kind | missing | FAULTS_OF_FIELDS


FAULTS = planted_faults()
ONLY_IN_PYTHON = {
    f"{name}_malformed" for name, note in FIELDS.items() if isinstance(note.rule, Text)
}


def test_every_reason_code_has_a_planted_fault_and_no_fault_is_of_an_unknown_code():
    assert set(FAULTS) | ONLY_IN_PYTHON == set(reason_codes())


def test_every_planted_fault_is_named_by_its_code_alone_in_both_engines(engines):
    rows = [{**engines.legal_row, **change} for change in FAULTS.values()]
    verdicts = engines.assert_same(rows, engines.text_types)
    assert [verdict.reasons for verdict in verdicts] == [(code,) for code in FAULTS]


def test_a_row_of_many_faults_lists_them_all_sorted(engines):
    compatible = {
        "tenant_id": "",
        "input_tokens": "-5",
        "output_tokens": "0x1F",
        "event_at": "1970-01-01 00:00:00+00",
        "tags": "{",
        "reported_cost": "NaN",
    }
    (verdict,) = engines.assert_same([{**engines.legal_row, **compatible}], engines.text_types)
    assert verdict.reasons == (
        "event_at_before_2020",
        "input_tokens_negative",
        "output_tokens_malformed",
        "reported_cost_malformed",
        "tags_malformed",
        "tenant_id_missing",
    )


def test_a_leaf_is_not_judged_while_one_of_its_parts_is_illegal_itself(engines):
    row = {**engines.legal_row, "cache_read_tokens": "5000", "cache_write_tokens": "many"}
    (verdict,) = engines.assert_same([row], engines.text_types)
    assert verdict.reasons == ("cache_write_tokens_malformed",)


def test_an_empty_row_lacks_all_that_is_required(engines):
    (verdict,) = engines.assert_same([{}], engines.text_types)
    assert verdict.reasons == tuple(
        f"{name}_missing" for name in sorted(FIELDS) if "missing" in FIELDS[name].rule.codes
    )


@pytest.mark.parametrize("value", ["half \ud800 pair", "nul \x00 byte", 1.5, object()])
def test_text_that_no_database_can_hold_is_malformed_to_pydantic(engines, value):
    for code in ONLY_IN_PYTHON:
        name = code.removesuffix("_malformed")
        assert judge({**engines.legal_row, name: value}) == (code,)


def test_what_a_mapping_leaves_out_is_missing_or_takes_its_default(engines):
    given = {name: kind for name, kind in engines.text_types.items() if name in engines.legal_row}
    (verdict,) = engines.assert_same([engines.legal_row], given)
    defaults = ("processing_mode", "accounting_role", "is_gateway_cache_hit", "request_count")
    assert [verdict.values[name] for name in defaults] == ["sync", "leaf", False, 1]

    (verdict,) = engines.assert_same([{"provider": "openai"}], {"provider": "text"})
    assert "tenant_id_missing" in verdict.reasons
    assert "event_at_missing" in verdict.reasons
    assert "usage_basis_missing" in verdict.reasons


def test_json_objects_are_the_only_kind_without_a_generic_fault():
    unplanted = {type(note.rule) for note in FIELDS.values()} - set(FAULTS_BY_KIND)
    assert all(issubclass(kind, JsonObject) for kind in unplanted)
