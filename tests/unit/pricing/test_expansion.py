"""How one catalogue model becomes dated rates."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from meterr_etl.pricing.catalogue import CATALOGUE, catalogue_version, model_rates
from meterr_etl.pricing.expansion import Price, expand
from meterr_etl.pricing.rate import BEGINNING, UNKNOWN_CONTEXT, Rate, plain_text

INPUT_2 = {"input_mtok": Decimal(2)}


def a_model(prices: object, variants: list[PriceVariant] | None = None) -> ModelInfo:
    return ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=prices, price_variants=variants)


def from_day(day: str, **prices: Decimal) -> ConditionalPrice:
    constraint = StartDateConstraint(start_date=date.fromisoformat(day))
    return ConditionalPrice(constraint, prices=ModelPrice(**prices))


def of_type(prices: list[Price], token_type: str, mode: str = "sync", tier: str = "standard"):
    return [
        (p.context_above_tokens, p.valid_from, p.valid_to, p.unit_price)
        for p in prices
        if p.token_type == token_type
        and (p.terms.processing_mode, p.terms.service_tier) == (mode, tier)
    ]


def test_a_price_per_million_becomes_an_exact_price_per_token() -> None:
    prices = expand(a_model(ModelPrice(input_mtok=Decimal("0.0028"))))
    assert of_type(prices, "uncached_input") == [(0, BEGINNING, None, Decimal("0.0000000028"))]


def test_cached_tokens_without_own_price_cost_what_contains_them() -> None:
    prices = expand(a_model(ModelPrice(input_mtok=Decimal(3), cache_write_mtok=Decimal(4))))
    by_type = {p.token_type: p.unit_price * 1_000_000 for p in prices}
    assert by_type == {
        "uncached_input": 3,
        "cache_read": 3,
        "cache_write": 4,
        "cache_write_5m": 4,
        "cache_write_1h": 4,
        "input_audio": 3,
    } | {name: 4 for name in by_type if name.startswith("cache_") and "_write" in name}


def test_reasoning_costs_what_output_costs_unless_it_has_a_price() -> None:
    output = {"input_mtok": Decimal(1), "output_mtok": Decimal(5)}
    assert of_type(expand(a_model(ModelPrice(**output))), "reasoning")[0][3] == Decimal("0.000005")
    own = expand(a_model(ModelPrice(**output, output_reasoning_mtok=Decimal(9))))
    assert of_type(own, "reasoning")[0][3] == Decimal("0.000009")


def test_a_free_token_has_a_rate_of_zero_and_an_unstated_one_has_none() -> None:
    prices = expand(a_model(ModelPrice(input_mtok=Decimal(0))))
    assert of_type(prices, "uncached_input") == [(0, BEGINNING, None, Decimal(0))]
    assert of_type(prices, "output") == []


def test_each_start_date_closes_the_rate_before_it() -> None:
    model = a_model(
        [
            ConditionalPrice(prices=ModelPrice(**INPUT_2)),
            from_day("2026-03-01", input_mtok=Decimal(3)),
            from_day("2026-09-01", input_mtok=Decimal(1)),
        ]
    )
    assert of_type(expand(model), "uncached_input") == [
        (0, BEGINNING, date(2026, 3, 1), Decimal("0.000002")),
        (0, date(2026, 3, 1), date(2026, 9, 1), Decimal("0.000003")),
        (0, date(2026, 9, 1), None, Decimal("0.000001")),
    ]


def test_of_two_prices_that_hold_the_later_entry_wins_whatever_their_dates() -> None:
    model = a_model(
        [
            ConditionalPrice(prices=ModelPrice(**INPUT_2)),
            from_day("2026-09-01", input_mtok=Decimal(1)),
            from_day("2026-03-01", input_mtok=Decimal(3)),
        ]
    )
    assert of_type(expand(model), "uncached_input")[-1] == (
        0,
        date(2026, 3, 1),
        None,
        Decimal("0.000003"),
    )


def test_a_price_that_did_not_change_keeps_one_rate_across_a_change_of_another() -> None:
    model = a_model(
        [
            ConditionalPrice(prices=ModelPrice(**INPUT_2, output_mtok=Decimal(4))),
            from_day("2026-03-01", input_mtok=Decimal(2), output_mtok=Decimal(8)),
        ]
    )
    assert len(of_type(expand(model), "uncached_input")) == 1
    assert len(of_type(expand(model), "output")) == 2


def test_every_token_type_has_a_rate_for_every_threshold_of_the_model() -> None:
    tiered = TieredPrices(base=Decimal(2), tiers=[Tier(start=200_000, price=Decimal(4))])
    prices = expand(a_model(ModelPrice(input_mtok=tiered, output_mtok=Decimal(9))))
    assert [(row[0], row[3]) for row in of_type(prices, "uncached_input")] == [
        (0, Decimal("0.000002")),
        (200_000, Decimal("0.000004")),
    ]
    assert [(row[0], row[3]) for row in of_type(prices, "output")] == [
        (0, Decimal("0.000009")),
        (200_000, Decimal("0.000009")),
        (UNKNOWN_CONTEXT, Decimal("0.000009")),
    ]


def test_a_batch_price_holds_only_from_the_day_that_the_catalogue_states() -> None:
    batch = PriceVariant(
        when={"processing": "batch"},
        prices=ModelPrice(input_mtok=Decimal(1)),
        constraint=StartDateConstraint(start_date=date(2026, 10, 14)),
    )
    prices = expand(a_model(ModelPrice(**INPUT_2), [batch]))
    assert of_type(prices, "uncached_input", "batch") == [
        (0, date(2026, 10, 14), None, Decimal("0.000001"))
    ]


def test_a_variant_leaves_what_it_does_not_name_at_the_standard_price() -> None:
    flex = PriceVariant(when={"service_tier": "flex"}, prices=ModelPrice(input_mtok=Decimal(1)))
    prices = expand(a_model(ModelPrice(**INPUT_2, web_searches_kcount=Decimal(10)), [flex]))
    assert of_type(prices, "web_search", tier="flex")[0][3] == Decimal("0.01")
    assert of_type(prices, "uncached_input", tier="flex")[0][3] == Decimal("0.000001")


def test_the_first_of_two_variants_that_hold_wins() -> None:
    def flex(price: int) -> PriceVariant:
        prices = ModelPrice(input_mtok=Decimal(price))
        return PriceVariant(when={"service_tier": "flex"}, prices=prices)

    prices = expand(a_model(ModelPrice(**INPUT_2), [flex(1), flex(7)]))
    assert of_type(prices, "uncached_input", tier="flex")[0][3] == Decimal("0.000001")


@pytest.mark.parametrize(
    ("when", "tiers"),
    [
        ({"speed": "fast"}, {"standard", "fast"}),
        ({"route": "eu"}, {"standard", "route=eu"}),
        ({"service_tier": "default"}, {"standard"}),
        ({"route": "eu", "speed": "fast"}, {"standard"}),
    ],
)
def test_other_variants_are_tiers_by_the_name_that_an_event_can_give(
    when: dict[str, str], tiers: set[str]
) -> None:
    variant = PriceVariant(when=when, prices=ModelPrice(input_mtok=Decimal(9)))
    prices = expand(a_model(ModelPrice(**INPUT_2), [variant]))
    assert {p.terms.service_tier for p in prices} == tiers


def test_a_price_by_time_of_day_holds_from_one_hour_to_the_next() -> None:
    night = TimeOfDateConstraint(start_time=time(16, 30), end_time=time(0, 30))
    prices = [
        ConditionalPrice(prices=ModelPrice(**INPUT_2)),
        ConditionalPrice(night, prices=ModelPrice(input_mtok=Decimal(1))),
    ]
    inputs = [p for p in expand(a_model(prices)) if p.token_type == "uncached_input"]
    by_hour = {p.time_of_day_from: p.unit_price * 1_000_000 for p in inputs}
    assert by_hour == {time(0): 1, time(0, 30): 2, time(16, 30): 1}


@pytest.mark.parametrize(
    "prices",
    [
        {"input_mtok": Decimal(1), "hovercraft_mtok": Decimal(1)},
        {"cache_read_mtok": Decimal(1)},
        {"input_mtok": Decimal("NaN")},
        {"input_mtok": Decimal(-1)},
        {"input_mtok": TieredPrices(Decimal(1), [Tier(5, Decimal("Infinity"))])},
    ],
)
def test_prices_that_the_library_would_refuse_or_drop_give_no_rates(
    prices: dict[str, Decimal], caplog: pytest.LogCaptureFixture
) -> None:
    assert expand(a_model(ModelPrice(**prices))) == []
    assert "model m is left unpriced" in caplog.text


def test_a_model_without_any_price_gives_no_rates() -> None:
    assert expand(a_model(ModelPrice())) == expand(a_model([])) == []


def the_rate(**changes: object) -> Rate:
    model = a_model(ModelPrice(**INPUT_2))
    rate = model_rates("p", model)[0]
    return Rate(**{**{name: getattr(rate, name) for name in Rate.__slots__}, **changes})


def test_a_rate_names_its_catalogue_and_version() -> None:
    assert (the_rate().catalogue, the_rate().catalogue_version) == (CATALOGUE, catalogue_version())
    assert the_rate().currency == "USD"


@pytest.mark.parametrize(
    "changes",
    [
        {"catalogue": "x"},
        {"provider_id": "x"},
        {"model_id": "x"},
        {"token_type": "output"},
        {"processing_mode": "batch"},
        {"service_tier": "flex"},
        {"context_above_tokens": 1},
        {"valid_from": date(2026, 1, 1)},
        {"valid_to": date(2026, 1, 1)},
        {"unit_price": Decimal("0.1")},
        {"currency": "EUR"},
    ],
)
def test_a_rates_id_tells_every_part_of_its_content(changes: dict[str, object]) -> None:
    assert the_rate(**changes).rate_id != the_rate().rate_id


def test_a_rates_id_survives_an_upgrade_that_leaves_its_price_alone() -> None:
    assert the_rate(catalogue_version="9.9.9").rate_id == the_rate().rate_id
    assert the_rate(unit_price=Decimal("0.0000020")).rate_id == the_rate().rate_id


@pytest.mark.parametrize(
    ("number", "text"), [("1E-7", "0.0000001"), ("2.50", "2.5"), ("1E+3", "1000"), ("0", "0")]
)
def test_a_price_is_written_without_exponent(number: str, text: str) -> None:
    assert plain_text(Decimal(number)) == text
