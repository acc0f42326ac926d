"""One test per trap that a literal, a JSON text or a type has set; both engines pass it alike."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from meterr_etl.contract.verdict_sql import compile_verdict


def judged(engines, **changes):
    (verdict,) = engines.assert_same([{**engines.legal_row, **changes}], engines.text_types)
    return verdict


def judged_typed(engines, types, **changes):
    row = {**engines.legal_row_typed, **changes}
    (verdict,) = engines.sql_verdicts(
        engines.load([row], engines.contract_types | types), engines.contract_types | types
    )
    (of_text,) = engines.sql_verdicts(
        engines.copy_as_text(engines.contract_types), engines.text_types
    )
    assert verdict == of_text
    return verdict


@pytest.mark.parametrize("text", ["118", "118.0", "118.000", "+118", "0118"])
def test_a_whole_number_may_be_written_with_a_zero_fraction(engines, text):
    assert judged(engines, web_search_requests=text).values["web_search_requests"] == 118


@pytest.mark.parametrize(
    "text", ["0x1F", "1_000", "infinity", "NaN", "12a", "118.5", "1e3", " 118", "118\n", "١١٨"]
)
def test_what_only_postgres_or_only_python_calls_a_number_is_none(engines, text):
    reasons = judged(engines, web_search_requests=text).reasons
    assert reasons == ("web_search_requests_malformed",)


def test_a_number_too_long_for_numeric_is_refused_before_it_is_cast(engines):
    assert judged(engines, input_tokens="9" * 200_000).reasons == ("input_tokens_malformed",)
    assert judged(engines, reported_cost="1e99").reasons == ("reported_cost_malformed",)


@pytest.mark.parametrize(
    "text", ["11/12/2026", "infinity", "epoch", "now", "2026-02-30 00:00:00", "2026-11-14 24:00:00"]
)
def test_what_only_postgres_calls_a_timestamp_is_none(engines, text):
    assert judged(engines, event_at=text).reasons == ("event_at_malformed",)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-14T05:03:02.9999999Z", 999_999),
        ("2026-11-14 05:03:02.123456789", 123_456),
        ("2026-11-14 14:03:02.1+09:00", 100_000),
        ("2026-11-13 21:33:02-0730", 0),
        ("2026-11-14 05:03:02", 0),
    ],
)
def test_a_timestamp_is_cut_to_microseconds_and_read_as_utc(engines, text, microsecond):
    moment = judged(engines, event_at=text).values["event_at"]
    assert moment == datetime(2026, 11, 14, 5, 3, 2, microsecond, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "4713-01-01 BC", "294276-12-31"])
def test_a_timestamptz_beyond_the_calendar_is_malformed_and_raises_nowhere(engines, moment):
    verdict = judged_typed(engines, {}, event_at=moment, source_updated_at=moment)
    assert verdict.reasons == ("event_at_malformed", "source_updated_at_malformed")


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity", "1e-41", "1e131071"])
def test_a_numeric_that_is_no_amount_is_malformed(engines, cost):
    verdict = judged_typed(engines, {}, reported_cost=cost)
    assert verdict.reasons == ("reported_cost_malformed",)


def test_counters_at_the_ends_of_bigint_overflow_no_subtraction(engines):
    verdict = judged_typed(
        engines,
        {},
        input_tokens=-(2**63),
        cache_read_tokens=2**63 - 1,
        cache_write_tokens=2**63 - 1,
        output_tokens=-(2**63),
        reasoning_tokens=2**63 - 1,
    )
    assert not verdict.is_legal
    assert "input_tokens_negative" in verdict.reasons
    assert "uncached_input_negative" not in verdict.reasons


def test_a_latency_beyond_int4_is_too_large_in_a_bigint_column(engines):
    verdict = judged_typed(engines, {"latency_ms": "bigint"}, latency_ms=2**31)
    assert verdict.reasons == ("latency_ms_too_large",)


@pytest.mark.parametrize(
    "text",
    ['{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1e131072}', "[]", "{'a':1}"],
)
def test_json_that_jsonb_refuses_is_malformed(engines, text):
    assert judged(engines, tags=text).reasons == ("tags_malformed",)


def test_ten_megabytes_of_tags_are_one_dead_letter(engines):
    huge = '{"prompt": "' + "x" * 10_000_000 + '"}'
    assert judged(engines, tags=huge).reasons == ("tags_too_large",)
    assert judged_typed(engines, {}, tags=huge).reasons == ("tags_too_large",)


def test_tags_nested_too_deep_for_the_parsers_stack_are_one_dead_letter(engines):
    text = '{"a":' + "[" * 30_000 + "]" * 30_000 + "}"
    with pytest.raises(psycopg.errors.StatementTooComplex):
        engines.connection.execute("select pg_input_is_valid(%s, 'jsonb')", [text])
    assert judged(engines, tags=text).reasons == ("tags_too_large",)
    typed = '{"a":' + "[" * 100 + "]" * 100 + "}"
    assert judged_typed(engines, {}, tags=typed).reasons == ("tags_too_large",)


def test_tags_that_would_print_gigabytes_are_dead_without_being_printed(engines):
    numbers = ", ".join(["1e131071"] * 6_000)
    types = engines.contract_types
    row = {**engines.legal_row_typed, "tags": f'{{"a": [{numbers}]}}'}
    started = time.perf_counter()
    (verdict,) = engines.sql_verdicts(engines.load([row], types), types)
    assert verdict.reasons == ("tags_too_large",)
    assert time.perf_counter() - started < 5


def test_brackets_inside_of_strings_are_no_nesting(engines):
    assert judged(engines, tags='{"a": "' + "[" * 1_000 + '\\"{"}').is_legal


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_string_without_an_end_costs_one_pass_over_the_text(engines, end):
    started = time.perf_counter()
    verdict = judged(engines, tags="{" + "[" * 70 + '"' + '\\"' * 32_000 + end)
    assert verdict.reasons == ("tags_too_large",)
    assert time.perf_counter() - started < 5


def test_json_null_is_no_tags(engines):
    assert judged(engines, tags=" null ").values["tags"] is None
    assert judged_typed(engines, {}, tags="null").values["tags"] is None


@pytest.mark.parametrize(("basis", "left"), [("inclusive", 630), ("exclusive", 980)])
def test_only_an_inclusive_source_has_its_cache_in_the_input(engines, basis, left):
    assert judged(engines, usage_basis=basis).values["leaf uncached_input"] == left


def test_cached_beyond_input_is_dead_on_an_inclusive_source_only(engines):
    inclusive = judged(engines, cache_read_tokens="2000")
    assert inclusive.reasons == ("uncached_input_negative",)
    assert judged(engines, cache_read_tokens="2000", usage_basis="exclusive").is_legal


def test_a_missing_total_leaves_a_missing_leaf_and_keeps_its_parts(engines):
    values = judged(engines, input_tokens=None).values
    assert values["leaf uncached_input"] is None
    assert values["leaf cache_read"] == 300


def test_an_event_far_in_the_future_is_dead_by_its_own_row(engines):
    assert judged(engines, event_at="2099-01-01 00:00:00Z").reasons == ("event_at_after_update",)


def test_uuid_columns_get_the_keys_of_their_text_copy(engines):
    uuids = dict.fromkeys(("source_event_id", "tenant_id"), "uuid")
    verdict = judged_typed(engines, uuids)
    assert verdict.is_legal
    assert str(verdict.keys[3]) == engines.legal_row["source_event_id"]
    assert verdict.keys[4] is None


@pytest.mark.parametrize(
    "text", ["order-17", "0190B2A4-7E51-7CC0-9D7F-3F1C8A6F2B11", "0190b2a47e517cc09d7f3f1c8a6f2b11"]
)
def test_an_id_that_its_key_does_not_print_is_kept(engines, text):
    *_, event_key, kept = judged(engines, source_event_id=text).keys
    assert str(event_key) != text
    assert kept == text


def test_columns_that_can_not_fail_are_not_asked(engines):
    typed = compile_verdict(engines.contract_types).is_legal.as_string(None)
    assert "pg_input_is_valid" not in typed
    assert " ~ " not in typed.replace(compile_currency(), "")


def compile_currency() -> str:
    """The one grammar that a column of the contract's own type still needs."""
    return sql.SQL(" ~ {}").format(sql.Literal("^(?:[A-Z]{3})$")).as_string(None)
