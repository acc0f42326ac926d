"""The grammars of literals, as Python reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from meterr_etl.contract.json_text import parse_json, printed_bytes, text_depth, value_depth
from meterr_etl.contract.literals import integer_of, number_of, timestamp_of, truth_of


def test_an_integer_of_eighty_digits_is_read_exactly():
    assert integer_of("9" * 80) == 10**80 - 1
    assert integer_of("9" * 85) is None


def test_a_number_keeps_every_digit_it_was_written_with():
    assert number_of("0.00000000000000000000000000000000000001") == Decimal("1e-38")
    assert number_of("4.2e-3") == Decimal("0.0042")
    assert number_of("1_000") is None


def test_truth_has_six_spellings():
    spelled = {text: truth_of(text) for text in ("true", "t", "1", "false", "f", "0", "yes", "T")}
    assert [text for text, truth in spelled.items() if truth] == ["true", "t", "1"]
    assert [text for text, truth in spelled.items() if truth is None] == ["yes", "T"]


@pytest.mark.parametrize("zone", ["", "Z", "+00", "+0000", "+00:00", "-00:00"])
def test_every_spelling_of_utc_is_utc(zone):
    assert timestamp_of(f"2026-11-14 05:03:02{zone}") == datetime(2026, 11, 14, 5, 3, 2, tzinfo=UTC)


def test_a_zone_with_seconds_is_what_postgres_prints_for_days_before_standard_time():
    assert timestamp_of("1880-01-01 09:18:59+09:18:59") == datetime(1880, 1, 1, tzinfo=UTC)


def test_a_moment_that_its_zone_moves_out_of_the_calendar_is_none():
    assert timestamp_of("0001-01-01 00:00:00+05") is None
    assert timestamp_of("9999-12-31 23:00:00-05") is None


def test_json_is_measured_as_jsonb_prints_it():
    printed = '{"a": [1, 2.50, true, false, null, "\\n\\u0001é"], "b": {}, "c": 1000}'
    written = '{"a":[1,2.50,true,false,null,"\\u000a\\u0001\\u00e9"],"b":{},"c":1e3}'
    assert printed_bytes(parse_json(written)) == len(printed.encode())


def test_depth_counts_objects_and_arrays_but_no_strings():
    assert value_depth({"a": [{"b": "[[["}]}) == text_depth('{"a": [{"b": "[[["}]}') == 3
