"""How a source as it really is departs from its header, column by column."""

from datetime import UTC, datetime

import pytest

from meterr_etl.errors import SourceMismatchError
from meterr_etl.sources.plan import cursor_predicate, mapping_lines, plan_columns
from meterr_etl.sources.registry import load_source

DAY = (datetime(2026, 11, 14, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC))


@pytest.fixture
def source():
    """The supabase source."""
    return load_source("supabase")


def landed_types(plan):
    return {column.name: column.landed_type for column in plan.columns}


def expression(plan, name):
    return next(c.expression for c in plan.columns if c.name == name).as_string(None)


def test_typed_source_lands_every_column_as_it_is(source):
    plan = plan_columns(source, source.columns)
    assert landed_types(plan) == source.columns
    assert expression(plan, "input_tokens") == '"input_tokens"'
    assert plan.columns_missing == plan.columns_unknown == plan.columns_defaulted == ()
    assert plan.columns_retyped == {}
    plan.require_columns()


def test_text_copy_lands_every_column_as_text(source):
    plan = plan_columns(source, dict.fromkeys(source.columns, "text"))
    assert set(landed_types(plan).values()) == {"text"}
    assert set(plan.columns_retyped) == {n for n, t in source.columns.items() if t != "text"}
    plan.require_columns()


def test_foreign_type_is_read_as_text_which_no_value_can_fail(source):
    plan = plan_columns(source, {**source.columns, "cost_usd": "double precision"})
    assert landed_types(plan)["cost_usd"] == "text"
    assert expression(plan, "cost_usd") == '"cost_usd"::text'
    assert plan.columns_retyped == {"cost_usd": "double precision"}


def test_narrower_number_is_widened_and_not_reported(source):
    plan = plan_columns(source, {**source.columns, "input_tokens": "integer"})
    assert landed_types(plan)["input_tokens"] == "bigint"
    assert expression(plan, "input_tokens") == '"input_tokens"::bigint'
    assert plan.columns_retyped == {}


def test_wider_number_is_not_narrowed(source):
    plan = plan_columns(source, {**source.columns, "latency_ms": "bigint"})
    assert plan.columns_retyped == {"latency_ms": "bigint"}


def test_varchar_is_text(source):
    plan = plan_columns(source, {**source.columns, "provider": "character varying"})
    assert landed_types(plan)["provider"] == "text"
    assert plan.columns_retyped == {}


def test_missing_optional_column_lands_as_null(source):
    actual = {name: kind for name, kind in source.columns.items() if name != "latency_ms"}
    plan = plan_columns(source, actual)
    assert expression(plan, "latency_ms") == "null::integer"
    assert plan.columns_defaulted == ("latency_ms",)
    plan.require_columns()


def test_missing_required_column_is_named_with_the_line_that_needs_it(source):
    actual = {name: kind for name, kind in source.columns.items() if name != "model"}
    plan = plan_columns(source, actual)
    assert plan.columns_missing == ("model",)
    with pytest.raises(SourceMismatchError, match=r"lacks columns .*model \(events\.sql:\d+\)"):
        plan.require_columns()


def test_unknown_column_is_listed_and_not_read(source):
    plan = plan_columns(source, {**source.columns, "prompt_text": "text"})
    assert plan.columns_unknown == ("prompt_text",)
    assert "prompt_text" not in landed_types(plan)


def test_clock_columns_share_one_type_since_the_mapping_coalesces_them(source):
    plan = plan_columns(source, {**source.columns, "updated_at": "text"})
    assert landed_types(plan)["created_at"] == landed_types(plan)["updated_at"] == "text"
    assert plan.columns_retyped == {"updated_at": "text"}


def test_mapping_line_is_the_first_that_uses_a_column_outside_comments(source):
    lines = source.mapping.splitlines()
    found = mapping_lines(source)
    for name in ("id", "updated_at", "input_tokens", "cost_usd"):
        number = int(found[name].removeprefix("events.sql:"))
        assert name in lines[number - 1].split("--")[0]
    assert "anthropic" in source.mapping.lower()
    assert "request_id" not in found


def test_source_without_any_clock_is_refused(source):
    actual = {n: t for n, t in source.columns.items() if n not in {"updated_at", "created_at"}}
    with pytest.raises(SourceMismatchError, match="neither updated_at nor created_at"):
        cursor_predicate(plan_columns(source, actual), *DAY)


def test_clock_of_a_type_that_tells_no_time_is_refused(source):
    plan = plan_columns(source, {**source.columns, "updated_at": "bigint"})
    with pytest.raises(SourceMismatchError, match=r"updated_at .*bigint.*tells no time"):
        cursor_predicate(plan, *DAY)
