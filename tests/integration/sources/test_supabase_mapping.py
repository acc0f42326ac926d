"""The mapping of supabase: the same meaning for a typed table and for its copy in text."""

import psycopg
import pytest
from psycopg import sql

from meterr_etl.sources.plan import actual_columns, plan_columns
from meterr_etl.sources.registry import load_source

USAGE = {
    "id": "6f0c2a4e-0000-4000-8000-000000000001",
    "organization_id": "6f0c2a4e-0000-4000-8000-0000000000aa",
    "provider": "openai",
    "model": "gpt-4o",
    "input_tokens": "500",
    "output_tokens": "40",
    "is_batch": "true",
    "cost_usd": "0.0042",
    "metadata": '{"plan": "pro"}',
    "created_at": "2026-11-14 10:00:00+00",
}


@pytest.fixture
def connection(source_db):
    """A connection to the empty source."""
    with psycopg.connect(source_db, options="-c timezone=UTC") as opened:
        yield opened


def mapped(connection, *, row, types=None):
    """Land one row in a table of the given column types and return its canonical columns."""
    source = load_source("supabase")
    kinds = types or source.columns
    columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in kinds.items()]
    connection.execute("drop table if exists public.token_usage")
    connection.execute(
        sql.SQL("create table public.token_usage ({})").format(sql.SQL(", ").join(columns))
    )
    connection.execute(
        sql.SQL("insert into public.token_usage ({}) values ({})").format(
            sql.SQL(", ").join(sql.Identifier(name) for name in row),
            sql.SQL(", ").join(sql.Literal(value) for value in row.values()),
        )
    )
    plan = plan_columns(source, actual_columns(connection, "public", "token_usage"))
    landed = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(c.expression, sql.Identifier(c.name)) for c in plan.columns
    )
    query = sql.SQL("with landed as (select ctid as _row, {} from public.token_usage) {}").format(
        landed, sql.SQL(source.mapping)
    )
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    return cursor.execute(query).fetchone()


def as_text():
    return dict.fromkeys(load_source("supabase").columns, "text")


def test_typed_row_and_its_text_copy_say_the_same(connection):
    typed = mapped(connection, row=USAGE)
    text = mapped(connection, row=USAGE, types=as_text())
    assert typed["tags"] == {"plan": "pro"}
    assert text["tags"] == '{"plan": "pro"}'
    for name in set(typed) - {"tags", "_row", "event_at", "source_updated_at"}:
        assert str(typed[name]) == str(text[name]), name


@pytest.mark.parametrize("missing", ["latency_ms", "is_batch", "metadata", "updated_at"])
def test_deployment_without_an_optional_column_is_mapped_all_the_same(connection, missing):
    types = {n: t for n, t in load_source("supabase").columns.items() if n != missing}
    row = {name: value for name, value in USAGE.items() if name != missing}
    assert mapped(connection, row=row, types=types)["model"] == "gpt-4o"


@pytest.mark.parametrize(
    ("provider", "basis"),
    [
        ("anthropic", "exclusive"),
        ("Anthropic", "exclusive"),
        ("openai", "inclusive"),
        (None, "inclusive"),
    ],
)
def test_only_anthropic_counts_cache_beside_its_input(connection, provider, basis):
    row = {**USAGE, "provider": provider}
    assert mapped(connection, row=row)["usage_basis"] == basis


@pytest.mark.parametrize(
    ("is_batch", "mode"),
    [("true", "batch"), ("T", "batch"), ("1", "batch"), ("false", "sync"), ("f", "sync"),
     ("0", "sync"), (None, "sync"), ("perhaps", "perhaps")],
)  # fmt: skip
def test_batch_flag_becomes_a_mode_and_nonsense_stays_for_the_contract(connection, is_batch, mode):
    row = {**USAGE, "is_batch": is_batch}
    assert mapped(connection, row=row, types=as_text())["processing_mode"] == mode


def test_row_never_changed_is_as_old_as_its_creation(connection):
    row = mapped(connection, row=USAGE)
    assert row["source_updated_at"] == row["event_at"]


def test_one_clock_in_text_does_not_break_the_other(connection):
    types = {**load_source("supabase").columns, "updated_at": "text"}
    assert (
        mapped(connection, row={**USAGE, "updated_at": "soon"}, types=types)["source_updated_at"]
        == "soon"
    )


def test_cost_that_is_not_reported_has_no_currency(connection):
    row = mapped(connection, row={**USAGE, "cost_usd": None})
    assert row["reported_cost"] is row["reported_cost_currency"] is None


def test_nonsense_in_every_cell_of_a_text_copy_fails_nothing(connection):
    nonsense = dict.fromkeys(as_text(), "'; drop table x; -- \\u0000 NaN")
    row = mapped(connection, row=nonsense, types=as_text())
    assert row["input_tokens"] == nonsense["input_tokens"]
    assert row["processing_mode"] == nonsense["is_batch"]
