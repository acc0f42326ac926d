"""Real traces through the whole pipeline: the marts' totals equal totals that others computed.

Their tenants are no UUIDs and their times bear seven digits, so they go in by a copy of the source
table whose every column is text; their models are in no catalogue, so all of it stays unpriced.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from meterr_etl.settings import settings

from .conftest import DAY, SourceTables, Warehouse

pytestmark = pytest.mark.data
Night = Callable[..., str]
COLUMNS = (
    "id",
    "organization_id",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "created_at",
    "updated_at",
)


@pytest.fixture
def text_source(source: SourceTables, monkeypatch: pytest.MonkeyPatch) -> SourceTables:
    """The source's event table with every column as text, and no limit on unpriced usage."""
    source.execute("alter table public.token_usage rename to typed")
    source.execute(
        "do $$ begin execute (select 'create table public.token_usage ('"
        " || string_agg(format('%I text', attname), ', ' order by attnum) || ')'"
        " from pg_attribute where attrelid = 'public.typed'::regclass and attnum > 0); end $$"
    )
    monkeypatch.setenv("METERR_SOURCES__SUPABASE__UNPRICED_MAX_SHARE", "1")
    settings.cache_clear()
    return source


def load(source: SourceTables, rows: Iterator[tuple[object, ...]]) -> None:
    with (
        psycopg.connect(source.url) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"copy public.token_usage ({', '.join(COLUMNS)}) from stdin") as sink,
    ):
        for row in rows:
            sink.write_row(row)


@pytest.mark.parametrize("trace", ["code", "conv"])
def test_azure_trace_totals_are_exact(
    text_source: SourceTables, warehouse: Warehouse, night: Night, data_dir: Path, trace: str
) -> None:
    name = f"azure/AzureLLMInferenceTrace_{trace}.csv"
    known = json.loads((data_dir / "traces/known_totals.json").read_text())[name]

    def rows() -> Iterator[tuple[object, ...]]:
        with (data_dir / "traces" / name).open(newline="") as file:
            for n, (moment, context, generated) in enumerate(list(csv.reader(file))[1:]):
                yield (
                    f"{trace}-{n}",
                    "azure/llm",
                    "azure",
                    "llm",
                    context,
                    generated,
                    moment,
                    moment,
                )

    load(text_source, rows())
    night(date(2023, 11, 16))
    assert warehouse.rows(
        "select request_count, input_tokens, output_tokens, effective_cost"
        " from marts.usage_by_model_daily"
    ) == [(known["rows"], known["input_tokens"], known["output_tokens"], None)]
    assert warehouse.value("select sum(consumed_quantity) from marts.unpriced_usage_daily") == (
        Decimal(known["input_tokens"] + known["output_tokens"])
    )


def test_servegen_day_is_exact_by_tenant_and_hour(
    text_source: SourceTables, warehouse: Warehouse, night: Night, data_dir: Path
) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        path = data_dir / "traces/servegen/derived_requests_1day.csv.gz"
        with gzip.open(path, "rt", newline="") as file:
            for request, seconds, model, tenant, given, made in list(csv.reader(file))[1:]:
                moment = _moment(seconds)
                yield request, tenant, "servegen", model, given, made, moment, moment

    load(text_source, rows())
    night(DAY)
    expected_path = data_dir / "traces/servegen/derived_requests_1day_expected_by_tenant_hour.csv"
    with expected_path.open(newline="") as file:
        expected = sorted(
            (tenant, int(hour), int(requests), int(given), int(made))
            for _, tenant, hour, requests, given, made in list(csv.reader(file))[1:]
        )
    found = warehouse.rows(
        "select tenant_id, extract(hour from charge_hour_at)::int, request_count::bigint,"
        " input_tokens::bigint, output_tokens::bigint from marts.usage_by_hour"
    )
    assert sorted(found) == expected


def _moment(seconds: str) -> str:
    whole, _, fraction = seconds.partition(".")
    hours, rest = divmod(int(whole), 3600)
    return f"{DAY} {hours:02}:{rest // 60:02}:{rest % 60:02}.{fraction or '0'}"


def test_dirty_text_cells_become_dead_letters_with_every_reason(
    text_source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    moment = f"{DAY} 10:00:00"

    def rows() -> Iterator[tuple[object, ...]]:
        yield "good", "acme", "openai", "gpt-4o", "118.0", "10", moment, moment
        yield "letters", "acme", "openai", "gpt-4o", "many", "0x1F", moment, moment
        yield "no clock", "acme", "openai", "gpt-4o", "1", "1", "11/12/2026", "yesterday"

    load(text_source, rows())
    text_source.execute(
        "insert into public.token_usage (id, organization_id, provider, model, input_tokens,"
        " output_tokens, created_at, updated_at, metadata) values ('nul', 'acme', 'openai',"
        f" 'gpt-4o', '1', '1', '{moment}', '{moment}', '{{\"a\": \"\\u0000\"}}')"
    )
    night(DAY)
    assert dict(warehouse.rows("select source_event_id, reasons from staging.dead_letters")) == {
        "letters": ["input_tokens_malformed", "output_tokens_malformed"],
        "no clock": ["event_at_malformed", "source_updated_at_malformed"],
        "nul": ["tags_malformed"],
    }
    assert warehouse.rows(
        "select source_event_id, uncached_input_tokens from staging.published_events"
    ) == [("good", 118)]
