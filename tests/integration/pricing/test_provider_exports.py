"""What the providers themselves export of their usage loads as events and prices."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from meterr_etl.window import Window

from .conftest import Meter

pytestmark = pytest.mark.data
NIGHT = Window.of_day(datetime(2026, 11, 20, tzinfo=UTC).date())
LOADED = NIGHT.start


def exported(path: Path) -> list[dict[str, object]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [{**row, "loaded_at": LOADED} for row in csv.DictReader(file)]


def blank_as_null(rows: Iterable[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    for row in rows:
        yield {name: value if value != "" else None for name, value in row.items()}


def costs(meter: Meter) -> dict[str, Decimal]:
    rows = meter.rows(
        "select model, sum(list_cost) from marts.fct_usage_cost_daily group by 1 order by 1"
    )
    return {str(model): Decimal(str(cost)) for model, cost in rows}


def test_openais_usage_export_prices_to_the_last_digit(catalogue: Meter, data_dir: Path) -> None:
    path = data_dir / "billing/meterr/completions_usage_2025-07-16_2025-08-15.csv"
    catalogue.create_table("openai_usage")
    used = [row for row in exported(path) if row["num_model_requests"]]
    assert (len(exported(path)), len(used)) == (32, 6)
    catalogue.load("openai_usage", blank_as_null(used))
    catalogue.run("openai_usage", NIGHT.start.date())
    assert catalogue.value("select count(*) from staging.dead_letters") == 0
    # Price per million by hand: gpt-4 30/60, turbo and its preview 10/30, 3.5 0.5/1.5.
    assert costs(catalogue) == {
        "gpt-3.5-turbo": Decimal((118 + 180) * 500 + (152 + 32) * 1500) / 10**9,
        "gpt-4": Decimal((10346 + 5410) * 30 + (10170 + 5933) * 60) / 10**6,
        "gpt-4-turbo": Decimal((5386 + 641) * 10 + (37492 + 4906) * 30) / 10**6,
    }
    assert catalogue.value("select sum(request_count) from marts.usage_by_model_daily") == 126
    assert catalogue.value("select count(*) from marts.unpriced_usage_daily") == 0


def test_anthropics_token_export_prices_to_the_last_digit(catalogue: Meter, data_dir: Path) -> None:
    rows = exported(data_dir / "billing/meterr/claude_api_tokens_2025_08.csv")
    catalogue.create_table("anthropic_usage")
    assert catalogue.load("anthropic_usage", blank_as_null(rows)) == 11
    catalogue.run("anthropic_usage", NIGHT.start.date())
    assert catalogue.value("select count(*) from staging.dead_letters") == 0
    by_hand = {
        # name: input, cache write 5m, output per million
        "claude-3-5-sonnet": (3, Decimal("3.75"), 15),
        "claude-sonnet-4": (3, Decimal("3.75"), 15),
        "claude-3-5-haiku": (Decimal("0.8"), 1, 4),
        "claude-3-haiku": (Decimal("0.25"), Decimal("0.3"), Decimal("1.25")),
        "claude-opus-4-1": (15, Decimal("18.75"), 75),
    }
    total = Decimal(0)
    for row in rows:
        price = next(p for name, p in by_hand.items() if str(row["model_version"]).startswith(name))
        quantities = (
            row["usage_input_tokens_no_cache"],
            row["usage_input_tokens_cache_write_5m"],
            row["usage_output_tokens"],
        )
        total += sum(Decimal(str(q)) * p for q, p in zip(quantities, price, strict=True)) / 10**6
    assert sum(costs(catalogue).values()) == total


def test_a_bucket_read_again_with_more_usage_replaces_itself(
    catalogue: Meter, data_dir: Path
) -> None:
    path = data_dir / "billing/meterr/completions_usage_2025-07-16_2025-08-15.csv"
    row = next(row for row in blank_as_null(exported(path)) if row["num_model_requests"])
    catalogue.create_table("openai_usage")
    catalogue.load("openai_usage", [row])
    catalogue.run("openai_usage", NIGHT.start.date())
    catalogue.execute(
        "update public.openai_usage set input_tokens = '200.0',"
        f" loaded_at = '{Window.of_day(NIGHT.end.date()).start}'"
    )
    catalogue.run("openai_usage", NIGHT.end.date())
    assert catalogue.rows("select input_tokens from marts.usage_by_model_daily") == [(200,)]


def results_of(page: Mapping[str, object]) -> Iterator[tuple[Mapping, Mapping]]:
    for bucket in page["data"]:
        for result in bucket["results"]:
            yield bucket, result


def test_the_usage_apis_examples_load_and_price(catalogue: Meter, data_dir: Path) -> None:
    folder = data_dir / "usage_api"
    pages = json.loads((folder / "openai_usage_and_costs_examples.json").read_text())
    page = next(p for p in pages if p["path"] == "/organization/usage/completions")
    catalogue.create_table("openai_usage")
    names = {
        "input_tokens", "output_tokens", "num_model_requests", "project_id", "user_id",
        "api_key_id", "model", "batch", "service_tier", "input_cached_tokens",
        "input_audio_tokens", "output_audio_tokens",
    }  # fmt: skip
    rows = [
        {
            **{name: result.get(name) for name in names},
            "start_time": bucket["start_time"],
            "end_time": bucket["end_time"],
            "start_time_iso": datetime.fromtimestamp(bucket["start_time"], UTC),
            "loaded_at": LOADED,
            # The example groups by nothing, so it names no model.
            "model": result.get("model") or "gpt-4o-mini-2024-07-18",
        }
        for bucket, result in results_of(page["example_response"])
    ]
    assert rows
    catalogue.load("openai_usage", rows)
    catalogue.run("openai_usage", NIGHT.start.date())
    cached = sum(int(r["input_cached_tokens"] or 0) for r in rows)
    audio = sum(int(r["input_audio_tokens"] or 0) for r in rows)
    assert catalogue.rows(
        "select sum(uncached_input_tokens), sum(cache_read_tokens), sum(unpriced_tokens)"
        " from marts.fct_usage_by_owner_daily"
    ) == [(sum(int(r["input_tokens"]) for r in rows) - cached - audio, cached, 0)]


def test_anthropics_usage_report_prices_its_cache_writes_by_ttl(
    catalogue: Meter, data_dir: Path
) -> None:
    path = data_dir / "usage_api/anthropic_usage_and_cost_examples.json"
    page = json.loads(path.read_text())["usage_report_messages_2026"]["response"]
    catalogue.create_table("anthropic_usage")
    catalogue.load(
        "anthropic_usage",
        [
            {
                "usage_date_utc": bucket["starting_at"],
                "model_version": result["model"],
                "api_key": result["api_key_id"],
                "workspace": result["workspace_id"],
                "usage_type": result["service_tier"],
                "context_window": result["context_window"],
                "inference_geo": result["inference_geo"],
                "usage_input_tokens_no_cache": result["uncached_input_tokens"],
                "usage_input_tokens_cache_write_5m": result["cache_creation"][
                    "ephemeral_5m_input_tokens"
                ],
                "usage_input_tokens_cache_write_1h": result["cache_creation"][
                    "ephemeral_1h_input_tokens"
                ],
                "usage_input_tokens_cache_read": result["cache_read_input_tokens"],
                "usage_output_tokens": result["output_tokens"],
                "web_search_count": result["server_tool_use"]["web_search_requests"],
                "loaded_at": LOADED,
            }
            for bucket, result in results_of(page)
        ],
    )
    catalogue.run("anthropic_usage", NIGHT.start.date())
    # claude-opus-5 per million: 5 in, 6.25 and 10 to write, 0.5 to read, 25 out; a cent a search.
    by_hand = (
        1500 * 5 + 500 * Decimal("6.25") + 1000 * 10 + 200 * Decimal("0.5") + 500 * 25
    ) / 10**6
    assert costs(catalogue) == {"claude-opus-5": by_hand + Decimal("0.1")}


def test_a_large_bucket_is_priced_where_its_requests_cost_the_same_in_any_context(
    catalogue: Meter,
) -> None:
    catalogue.create_table("anthropic_usage")
    bucket = {
        "tenant_id": "acme",
        "loaded_at": LOADED,
        "usage_date_utc": NIGHT.start,
        "model_version": "claude-opus-4-6",
        "usage_type": "standard",
        "inference_geo": "us",
        "usage_input_tokens_no_cache": "5000000",
        "web_search_count": "1000",
    }
    old = bucket | {"model_version": "claude-sonnet-4-5", "inference_geo": "global"}
    catalogue.load("anthropic_usage", [bucket, old])
    catalogue.run("anthropic_usage", NIGHT.start.date())
    # 5 million at 5 each, a tenth more in the United States; a search costs a cent anywhere.
    assert catalogue.rows(
        "select token_type, list_cost from marts.fct_usage_cost_daily"
        " where model = 'claude-opus-4-6' and pricing_status = 'priced' order by 1"
    ) == [("uncached_input", Decimal("27.5")), ("web_search", Decimal(10))]
    # Of Sonnet 4.5 nobody can tell how many requests were longer than its threshold.
    assert catalogue.rows(
        "select token_type, reason from marts.unpriced_usage_daily order by 1"
    ) == [("uncached_input", "context_tier_unknown")]
