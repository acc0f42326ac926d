"""A tenant pays what its contract says of the day of use, in its currency, exactly (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterr_etl.contract_rates.exchange import (
    ExchangeRate,
    ExchangeRates,
    list_exchange_rates,
    load_exchange_rates,
)
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import list_contracts, load_contract
from meterr_etl.errors import InputError
from meterr_etl.previews import preview_contract
from meterr_etl.repricing import days_to_rerate, reprice

from .conftest import Meter
from .test_repricing import DAY, NEXT, change_price, cost_by_day, published

__all__ = ["published"]

# A million input tokens of gpt-4o cost 2.50 USD, of gpt-4.1 2.00 USD.
COSTS = (
    "select charge_date, billing_currency, list_cost, contracted_cost, effective_cost, billed_cost"
    " from marts.usage_by_tenant_daily where tenant_id = 'acme' order by 1"
)
TERMS = (
    "select charge_date, contract_term, list_unit_price, contracted_unit_price, pricing_status"
    " from marts.fct_usage_cost_daily where tenant_id = 'acme' and token_type = 'uncached_input'"
    " order by 1"
)
CONSERVED = (
    "select (select sum(contracted_cost) from marts.token_events_priced)"
    " = (select sum(contracted_cost) from marts.fct_usage_cost_daily)"
    " and (select sum(contracted_cost) from marts.usage_by_hour)"
    " = (select sum(contracted_cost) from marts.fct_usage_cost_daily)"
)


def contract(*terms: Mapping[str, object], billed_in: str | None = None) -> Contract:
    currencies = [{"currency": billed_in, "valid_from": DAY}] if billed_in else []
    return Contract.model_validate(
        {
            "tenant_id": "acme",
            "billed_in": currencies,
            "terms": [{"valid_from": DAY, **term} for term in terms],
        }
    )


def exchange(rate: str, day: date = DAY) -> None:
    load_exchange_rates(
        ExchangeRates(
            exchange_rates=(
                ExchangeRate(
                    from_currency="USD", to_currency="EUR", valid_from=day, rate=Decimal(rate)
                ),
            )
        )
    )


def test_contract_re_rates_its_tenants_days_and_no_other_cost(published: Meter) -> None:
    others = (
        "select * from marts.fct_usage_cost_daily where tenant_id <> 'acme'"
        " order by charge_date, tenant_id, token_type"
    )
    before = published.rows(others)
    load_contract(contract({"name": "later", "percent_off": "20", "valid_from": NEXT}))
    assert days_to_rerate(DAY, NEXT) == [NEXT]
    assert days_to_rerate(DAY, NEXT, "beta") == []
    done = reprice(DAY, NEXT, trigger="test")
    assert [(c["tenant_id"], c["cost_change"]) for c in done.changes] == [("acme", Decimal("-0.4"))]
    assert published.rows(COSTS)[1] == (
        NEXT, "USD", Decimal(2), Decimal("1.6"), Decimal("1.6"), Decimal("1.6"),
    )  # fmt: skip
    assert [row[1] for row in published.rows(TERMS)] == [None, "later"]
    assert published.rows("select cause, cost_change from marts.restatements") == [
        ("contract", Decimal("-0.4"))
    ]
    assert published.rows(others) == before
    assert published.value(CONSERVED) is True
    assert days_to_rerate(DAY, NEXT) == []


def test_change_of_the_list_price_is_no_change_of_the_contract(published: Meter) -> None:
    load_contract(contract({"name": "all", "percent_off": "20"}))
    reprice(DAY, NEXT, trigger="test")
    change_price(published, "gpt-4o", "0.000003")
    reprice(DAY, NEXT, trigger="test")
    assert published.rows(
        "select cause, cost_change from marts.restatements where charge_date = "
        f"'{DAY}' order by publication_no"
    ) == [("contract", Decimal("-0.5")), ("rate", Decimal("0.4"))]


def test_currency_of_the_contract_needs_an_exchange_rate_of_the_day(published: Meter) -> None:
    load_contract(contract({"name": "all", "percent_off": "10"}, billed_in="EUR"))
    exchange("0.9", NEXT)
    reprice(DAY, NEXT, trigger="test")
    assert published.rows(COSTS) == [
        (DAY, "EUR", None, None, None, None),
        (NEXT, "EUR", Decimal("1.8"), Decimal("1.62"), Decimal("1.62"), Decimal("1.62")),
    ]
    reasons = "select reason from marts.unpriced_usage_daily where tenant_id = 'acme'"
    assert published.rows(reasons) == [("no_exchange_rate",)]

    exchange("0.8", DAY)
    assert days_to_rerate(DAY, NEXT) == [DAY]
    reprice(DAY, NEXT, trigger="test")
    assert published.rows(COSTS)[0][2:4] == (Decimal(2), Decimal("1.8"))
    assert published.value(CONSERVED) is True
    assert [row["rate"] for row in list_exchange_rates()] == [Decimal("0.8"), Decimal("0.9")]


def test_exchange_rate_that_is_a_month_old_holds_no_more(published: Meter) -> None:
    exchange("0.9", DAY - timedelta(days=31))
    load_contract(contract(billed_in="EUR"))
    reprice(DAY, NEXT, trigger="test")
    assert [row[2] for row in published.rows(COSTS)] == [None, None]


def test_preview_shows_what_a_contract_would_have_cost_and_leaves_nothing(
    published: Meter,
) -> None:
    before = cost_by_day(published)
    fixed = {"name": "fixed", "model": "gpt-4o", "token_type": "uncached_input"}
    found = preview_contract(
        contract({**fixed, "price_per_million": "2.1"}), DAY, NEXT, trigger="test"
    )
    ((tenant, change),) = ((c["tenant_id"], c["cost_change"]) for c in found.changes)
    assert (tenant, change) == ("acme", Decimal("-0.4"))
    assert not found.is_published
    assert cost_by_day(published) == before
    assert list_contracts() == []


def test_preview_in_a_currency_without_an_exchange_rate_says_which_is_missing(
    published: Meter,
) -> None:
    found = contract({"name": "all", "percent_off": "20"}, billed_in="EUR")
    with pytest.raises(InputError, match=rf"{DAY} is billed in EUR, and no exchange rate into it"):
        preview_contract(found, DAY, NEXT, trigger="test")
    assert published.value("select count(*) from ops.proposed_contracts") == 0


def test_same_contract_twice_changes_nothing(published: Meter) -> None:
    terms = contract({"name": "all", "percent_off": "20"})
    assert load_contract(terms).reference_version
    assert load_contract(terms).reference_version is None
    assert [row["price"] for row in list_contracts()] == ["-20 %"]


PERCENT = st.decimals(0, 100, places=6).map(str)
PRICE = st.decimals(0, 50, places=7).map(str)
RATE = st.decimals("0.0001", "200", places=7).map(str)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(percent=PERCENT, price=PRICE, usd=RATE, gbp=RATE)
def test_any_contract_costs_quantity_times_the_price_quantised_once(
    published: Meter, percent: str, price: str, usd: str, gbp: str
) -> None:
    fixed = {"name": "fixed", "model": "gpt-4o", "token_type": "uncached_input"}
    load_contract(
        contract(
            {**fixed, "price_per_million": price, "currency": "GBP"},
            {"name": "rest", "percent_off": percent},
            billed_in="EUR",
        )
    )
    load_exchange_rates(
        ExchangeRates.model_validate(
            {
                "exchange_rates": [
                    {"from_currency": c, "to_currency": "EUR", "valid_from": DAY, "rate": r}
                    for c, r in (("USD", usd), ("GBP", gbp))
                ]
            }
        )
    )
    reprice(DAY, NEXT, trigger="test")
    quantum, million = Decimal("1e-24"), 1_000_000

    def quantised(value: Decimal) -> Decimal:
        return value.quantize(quantum, ROUND_HALF_UP) * million

    off = (100 - Decimal(percent)) / 100
    assert [row[2:4] for row in published.rows(COSTS)] == [
        (
            quantised(Decimal("0.0000025") * Decimal(usd)),
            quantised(Decimal(price).scaleb(-6) * Decimal(gbp)),
        ),
        (
            quantised(Decimal("0.000002") * Decimal(usd)),
            quantised(Decimal("0.000002") * Decimal(usd) * off),
        ),
    ]
    assert published.value(CONSERVED) is True


def test_documented_contract_file_can_be_loaded(published: Meter, tmp_path: Path) -> None:
    from meterr_etl.contract_rates.terms import read_contract  # noqa: PLC0415
    from meterr_etl.settings import PROJECT_ROOT  # noqa: PLC0415

    text = (PROJECT_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    shown = next(
        part.split("```", 1)[0]
        for part in text.split("```yaml\n")[1:]
        if "billed_in:" in part.split("```", 1)[0]
    )
    path = tmp_path / "contract.yml"
    path.write_text(shown)
    found = read_contract(path).model_copy(update={"tenant_id": "acme"})
    assert load_contract(found).reference_version
