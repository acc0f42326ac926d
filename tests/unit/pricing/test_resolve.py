"""Where the rates of a kind of call are found, and why some have none."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import psycopg
import pytest

from meterr_etl.ledger.changes import latest_version
from meterr_etl.pricing.book import ModelTerms, RateBook, load_rate_book
from meterr_etl.pricing.catalogue import catalogue_rates
from meterr_etl.pricing.resolve import Call, RateKey, create_sku_rate_keys, rate_key
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.pricing.uplifts import stated_uplifts
from meterr_etl.warehouse.connection import warehouse


@pytest.fixture(scope="module")
def book() -> RateBook:
    offered: dict[tuple[str, str], set[tuple[str, str]]] = {}
    thresholds: dict[tuple[str, str], set[int]] = {}
    times: dict[tuple[str, str], set[time]] = {}
    with_fees: set[tuple[str, str]] = set()
    for rate in catalogue_rates():
        key = (rate.provider_id, rate.model_id)
        with_fees |= {key} if rate.token_type == "request" else set()
        offered.setdefault(key, set()).add((rate.processing_mode, rate.service_tier))
        thresholds.setdefault(key, set()).add(rate.context_above_tokens)
        times.setdefault(key, set()).add(rate.time_of_day_from)
    terms = {
        key: ModelTerms(
            frozenset(terms),
            tuple(sorted(t for t in thresholds[key] if t > 0)),
            tuple(sorted(times[key])),
            key in with_fees,
        )
        for key, terms in offered.items()
    }
    return RateBook(terms, uplifts=stated_uplifts())


def call(
    provider: str = "openai",
    model: str = "gpt-5",
    tier: str | None = None,
    mode: str = "sync",
    region: str | None = None,
) -> Call:
    return Call(provider, model, tier, mode, region)


@pytest.mark.parametrize("tier", [None, "", "default", "standard", "auto", "Default"])
def test_the_usual_tier_by_any_name_is_the_standard_one(tier: str | None, book: RateBook) -> None:
    assert rate_key(call(tier=tier), book) == RateKey("openai", "gpt-5", "standard")


def test_a_tier_with_rates_keeps_its_name(book: RateBook) -> None:
    assert rate_key(call(tier="flex"), book) == RateKey("openai", "gpt-5", "flex")


def test_thresholds_of_a_tiered_model_come_along(book: RateBook) -> None:
    found = rate_key(call("anthropic", "claude-sonnet-4-5"), book)
    assert found == RateKey("anthropic", "claude-sonnet-4-5", "standard", [200_000])


def test_a_batch_with_rates_is_priced_at_the_standard_tiers_batch_rates(book: RateBook) -> None:
    found = rate_key(call("anthropic", "claude-opus-4-6", "batch", "batch"), book)
    assert found.unpriceable_reason is None
    assert found.rate_service_tier == "standard"


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (call("my-proxy"), "unknown_provider"),
        (call(model="gpt-9-imaginary"), "unknown_model"),
        (call("groq", "whisper-large-v3"), "minimum_per_request"),
        (call("openrouter", "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free"), "no_rate"),
        (call(tier="ultrafast"), "service_tier_unknown"),
        (call(tier="batch"), "service_tier_unknown"),
        (call("anthropic", "claude-sonnet-4-5", "fast"), "no_rate_for_service_tier"),
        (call(model="gpt-4o-mini", mode="batch", tier="flex"), "batch_with_service_tier"),
        (call("cohere", "command-r", mode="batch"), "no_batch_rate"),
        (call(mode="streaming"), "processing_mode_unknown"),
        (call("anthropic", "claude-opus-5", region="eu"), "regional_rate_unknown"),
        (call("anthropic", "claude-sonnet-4-5", region="us"), "regional_rate_unknown"),
        (call(region="eu"), "regional_rate_unknown"),
    ],
)
def test_what_has_no_exact_rate_says_why(refused: Call, reason: str, book: RateBook) -> None:
    assert rate_key(refused, book).unpriceable_reason == reason


def test_a_call_without_rate_has_no_tier_to_join_on(book: RateBook) -> None:
    assert rate_key(call(tier="ultrafast"), book) == RateKey(
        "openai", "gpt-5", unpriceable_reason="service_tier_unknown"
    )


def test_a_price_by_time_of_day_comes_with_its_hours(book: RateBook) -> None:
    assert rate_key(call("deepseek", "deepseek-chat"), book).times_of_day == [
        time(0),
        time(0, 30),
        time(16, 30),
    ]


def test_a_chosen_region_costs_what_its_uplift_says(book: RateBook) -> None:
    found = rate_key(call("anthropic", "claude-opus-5", region="US"), book)
    assert (found.region_multiplier, found.unpriceable_reason) == (Decimal("1.1"), None)
    assert rate_key(call(model="gpt-5.5", region="eu"), book).region_multiplier == Decimal("1.1")
    assert rate_key(call("anthropic", "claude-opus-5"), book).region_multiplier is None


@pytest.mark.parametrize("model", ["claude-opus-4-6", "claude-sonnet-5", "gemini-3.5-flash"])
def test_any_region_of_google_costs_more_where_its_model_is_listed(
    model: str, book: RateBook
) -> None:
    # Sonnet 5 is found in Anthropic's list: it is who sells that decides.
    for region in ("us-east5", "europe-west1", "eu"):
        found = rate_key(call("vertex_ai", model, region=region), book)
        assert (found.region_multiplier, found.unpriceable_reason) == (Decimal("1.1"), None)
    assert rate_key(call("vertex_ai", model, region="global"), book).region_multiplier is None
    assert rate_key(call("vertex_ai", model), book).region_multiplier is None


def test_a_region_of_google_changes_no_other_models_price(book: RateBook) -> None:
    found = rate_key(call("google", "gemini-2.5-pro", region="us-central1"), book)
    assert (found.region_multiplier, found.unpriceable_reason) == (None, None)


def test_a_request_fee_is_known_of_a_call_that_meets_no_rate(book: RateBook) -> None:
    found = rate_key(call("perplexity", "sonar", tier="nobody knows"), book)
    assert (found.has_request_fee, found.unpriceable_reason) == (True, "service_tier_unknown")
    assert not rate_key(call("openai", "gpt-5"), book).has_request_fee


def test_an_alias_mends_an_unknown_name(book: RateBook) -> None:
    mended = replace(book, aliases={("my-proxy", "smart"): ("openai", "gpt-5")})
    assert rate_key(call("my-proxy", "smart"), mended) == RateKey("openai", "gpt-5", "standard")
    assert rate_key(call("my-proxy", "other"), mended).unpriceable_reason == "unknown_provider"


def test_anthropics_speed_is_told_as_a_tier(book: RateBook) -> None:
    found = rate_key(call("anthropic", "claude-opus-5", "fast"), book)
    assert (found.rate_service_tier, found.unpriceable_reason) == ("fast", None)


@pytest.mark.parametrize("region", ["global", "default", "", None])
def test_a_region_that_is_everywhere_changes_no_price(region: str | None, book: RateBook) -> None:
    assert rate_key(call(region=region), book).unpriceable_reason is None


def test_a_hosted_models_region_is_part_of_its_offer(book: RateBook) -> None:
    hosted = call("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", region="us-east-1")
    assert rate_key(hosted, book).unpriceable_reason is None


def test_a_first_partys_regional_price_says_nothing_of_who_resells_it(book: RateBook) -> None:
    assert rate_key(call("azure", "gpt-4o", region="eastus"), book).unpriceable_reason is None


def test_a_resold_model_has_the_standard_price_and_no_other(book: RateBook) -> None:
    """The library would charge Azure's batch at the standard price; Azure does not."""
    assert rate_key(call("azure", "gpt-4o"), book)[:3] == ("openai", "gpt-4o", "standard")
    assert rate_key(call("openai", "gpt-4o", mode="batch"), book).unpriceable_reason is None
    resold = rate_key(call("azure", "gpt-4o", mode="batch"), book)
    assert resold.unpriceable_reason == "no_batch_rate"


def test_without_any_rates_in_force_nothing_is_priced() -> None:
    assert rate_key(call(), RateBook({})).unpriceable_reason == "no_rate"


def _plant_candidate(url: str) -> None:
    rows = [
        (1, "openai", "gpt-5", None, "sync"),
        (2, "anthropic", "claude-sonnet-4-5-20250929", "standard", "sync"),
        (3, "openai", "gpt-9-imaginary", None, "sync"),
        (4, "openai", "gpt-5", None, "sync"),
        (5, "openai", "gpt-4o", None, "sync"),
    ]
    with psycopg.connect(url) as connection:
        connection.execute("create schema candidate_r1 authorization meterr_transformer")
        connection.execute("set role meterr_transformer")
        connection.execute(
            "create table candidate_r1.skus (sku_key bigint, provider text, model text,"
            " service_tier text, processing_mode text, region text, status text)"
        )
        with connection.cursor() as cursor:
            cursor.executemany("insert into candidate_r1.skus values (%s, %s, %s, %s, %s)", rows)
        connection.execute(
            "create table candidate_r1.affected_events as"
            " select sku_key from generate_series(1, 4) as sku_key, generate_series(1, 3)"
        )


def test_every_kind_of_call_that_an_event_names_gets_one_row(warehouse_db: str) -> None:
    sync_rates()
    _plant_candidate(warehouse_db)
    with warehouse("meterr_transformer") as connection:
        book = load_rate_book(connection, latest_version(connection))
        assert create_sku_rate_keys(connection, "candidate_r1", book) == 4
        rows = connection.execute(
            "select * from candidate_r1.sku_rate_keys order by sku_key"
        ).fetchall()
    assert rows == [
        (1, *RateKey("openai", "gpt-5", "standard")),
        (2, *RateKey("anthropic", "claude-sonnet-4-5", "standard", [200_000])),
        (3, *RateKey(None, None, unpriceable_reason="unknown_model")),
        (4, *RateKey("openai", "gpt-5", "standard")),
    ]
