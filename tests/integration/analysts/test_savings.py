"""A saving is what the same units would have cost, by the rate book as their day was priced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from meterr_etl.warehouse.marts import ensure_day_partitions, published_marts

DAY = date(2026, 11, 2)

Rate = Callable[..., None]
Use = Callable[..., None]


@pytest.fixture
def rate(marts: psycopg.Connection) -> Rate:
    """Write a rate into the book: its id says processing mode and token type."""

    def writing(rate_id: str, price: str, **other: object) -> None:
        mode, token_type, *_ = rate_id.split()
        row = {
            "rate_id": rate_id, "catalogue": "c", "catalogue_version": "1", "provider_id": "p",
            "model_id": "m", "token_type": token_type, "processing_mode": mode,
            "service_tier": "default", "valid_from": date(2026, 1, 1), "unit_price": price,
            "currency": "USD", "reference_version": 1, **other,
        }  # fmt: skip
        _insert(marts, "reference.rates", row)

    return writing


@pytest.fixture
def use(marts: psycopg.Connection) -> Use:
    """Publish a line of the day, priced with a rate; the day was priced at version 5."""
    (cube,) = (mart for mart in published_marts() if mart.name == "fct_usage_cost_daily")
    ensure_day_partitions(marts, cube, [DAY])
    marts.execute(
        "insert into ops.published_days (event_date, version, run_id, publication_no,"
        " reference_version, event_count, late_event_count) values (%s, 1, 'r', 1, 5, 1, 0)",
        (DAY,),
    )

    def using(rate_id: str | None, quantity: int, price: str | None, **other: object) -> None:
        mode, token_type, *_ = (rate_id or "sync output").split()
        row = {
            "charge_date": DAY, "tenant_id": "acme", "team_id": "core", "project_id": "p",
            "cost_center": "c", "environment": "e", "feature": "chat", "provider": "p",
            "model": "m", "region": "r", "service_tier": "default", "processing_mode": mode,
            "token_type": token_type, "rate_id": rate_id, "consumed_quantity": quantity,
            "pricing_status": "priced" if price else "unpriced", "list_unit_price": price,
            "list_cost": quantity * Decimal(price) if price else None, "billing_currency": "USD",
            **other,
        }  # fmt: skip
        _insert(marts, "marts.fct_usage_cost_daily", row)

    return using


def _insert(marts: psycopg.Connection, table: str, row: dict[str, object]) -> None:
    names, values = ", ".join(row), ", ".join(["%s"] * len(row))
    marts.execute(
        f"insert into {table} ({names}) values ({values})",  # type: ignore[arg-type]
        list(row.values()),
    )


def savings(marts: psycopg.Connection) -> list[tuple[object, ...]]:
    return marts.execute(
        "select saving_kind, compared_quantity, incomparable_quantity, list_cost, other_list_cost,"
        " saved_list_cost from marts.savings_opportunities order by saving_kind"
    ).fetchall()


def test_batch_saves_the_difference_of_the_two_prices(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync output", "0.00001")
    rate("batch output", "0.000005")
    use("sync output", 1001, "0.00001")
    assert savings(marts) == [
        ("batch", 1001, 0, Decimal("0.01001"), Decimal("0.005005"), Decimal("0.005005"))
    ]


def test_what_has_no_batch_price_is_counted_and_costs_nothing_here(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    for rate_id in ("sync output", "sync web_search"):
        rate(rate_id, "4")
    rate("batch output", "3")
    use("sync output", 10, "4")
    use("sync web_search", 7, "4")
    use(None, 99, None)
    assert savings(marts) == [("batch", 10, 7, 40, 30, 10)]


@pytest.mark.parametrize(
    "other",
    [
        {"service_tier": "flex"},
        {"context_above_tokens": 200_000},
        {"time_of_day_from": "16:30"},
        {"model_id": "m2"},
        {"provider_id": "p2"},
        {"currency": "EUR"},
        {"valid_from": date(2026, 11, 3)},
        {"valid_to": DAY},
        {"reference_version": 6},
        {"retired_by": 5},
        {"unit_price": "4"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_price_of_other_terms_or_of_another_version_is_no_saving(
    marts: psycopg.Connection, rate: Rate, use: Use, other: dict[str, object]
) -> None:
    rate("sync output", "4")
    rate("batch output", "3", **other)
    use("sync output", 10, "4")
    assert savings(marts) == []


def test_rate_retired_after_the_day_was_priced_still_holds_for_it(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync output", "4")
    rate("batch output", "3", retired_by=6)
    rate("batch output new", "1", reference_version=6)
    use("sync output", 10, "4")
    assert savings(marts) == [("batch", 10, 0, 40, 30, 10)]


def test_regional_uplift_is_taken_over_exactly(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync output", "0.000003")
    rate("batch output", "0.0000015")
    use("sync output", 10, "0.0000033")
    assert savings(marts)[0][4:] == (Decimal("0.0000165"), Decimal("0.0000165"))


def test_quotient_that_is_not_exact_gives_no_price(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync output", "3")
    rate("batch output", "1")
    use("sync output", 10, "4")
    assert savings(marts) == []


def test_unit_charged_as_input_meets_its_own_price_first(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync uncached_input", "4")
    rate("batch uncached_input", "2")
    use("sync uncached_input", 10, "4", token_type="input_image")
    assert savings(marts)[0][4] == 20
    rate("batch input_image", "3")
    assert savings(marts)[0][4] == 30


def test_usage_sent_as_a_batch_has_nothing_left_to_save(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("batch output", "3")
    use("batch output", 10, "3")
    assert savings(marts) == []


def test_cache_saves_what_its_tokens_would_have_cost_as_input(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync uncached_input", "10")
    rate("sync cache_read", "1")
    rate("sync cache_write_5m", "12.5")
    rate("sync cache_read other", "3", model_id="m2")
    use("sync cache_read", 100, "1")
    use("sync cache_write_5m", 10, "12.5")
    use("sync uncached_input", 7, "10")
    use("sync cache_read other", 5, "3")
    # 100 x (10 - 1) saved by reading, 10 x (12.5 - 10) spent on writing; m2 has no other price.
    assert marts.execute(
        "select cache_read_tokens, cache_write_tokens, uncached_list_cost, saved_list_cost,"
        " incomparable_tokens from marts.cache_savings_daily"
    ).fetchall() == [(105, 10, 1100, 875, 5)]
    assert savings(marts) == []


def test_cache_that_was_written_more_than_read_is_an_opportunity(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync uncached_input", "10")
    rate("sync cache_read", "1")
    rate("sync cache_write_5m", "12.5")
    use("sync cache_read", 1, "1")
    use("sync cache_write_5m", 10, "12.5")
    assert savings(marts) == [("no_cache", 11, 0, 126, 110, 16)]


def test_prompt_above_the_threshold_would_have_cost_less_below_it(
    marts: psycopg.Connection, rate: Rate, use: Use
) -> None:
    rate("sync uncached_input", "3")
    rate("sync uncached_input long", "6", context_above_tokens=200_000)
    rate("sync output long", "9", context_above_tokens=200_000)
    use("sync uncached_input", 5, "3")
    use("sync uncached_input long", 10, "6")
    use("sync output long", 2, "9")
    assert savings(marts) == [("short_prompt", 10, 2, 60, 30, 30)]
