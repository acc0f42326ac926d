"""A change of an exchange rate re-rates the days on which something was exchanged by it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from meterr_etl.contract_rates.exchange import ExchangeRates, load_exchange_rates
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.repricing import days_to_rerate, reprice

from .conftest import Meter
from .test_contract_rates import COSTS, contract
from .test_repricing import DAY, NEXT, published

__all__ = ["published"]

PERCENTAGE = {"name": "all", "percent_off": "10"}
FIXED_INPUT = {"name": "fixed", "token_type": "uncached_input", "price_per_million": "2.00"}


def exchange(rate: str, from_currency: str = "USD", to_currency: str = "EUR") -> None:
    stated = {"from_currency": from_currency, "to_currency": to_currency, "valid_from": DAY}
    load_exchange_rates(
        ExchangeRates.model_validate({"exchange_rates": [{**stated, "rate": rate}]})
    )


def test_exchange_rate_of_one_is_corrected_like_any_other(published: Meter) -> None:
    exchange("1")
    load_contract(contract(PERCENTAGE, billed_in="EUR"))
    reprice(DAY, NEXT, trigger="test")
    exchange("0.92")
    assert days_to_rerate(DAY, NEXT) == [DAY, NEXT]
    assert days_to_rerate(DAY, NEXT, "beta") == []
    reprice(DAY, NEXT, trigger="test")
    assert [row[1:4] for row in published.rows(COSTS)] == [
        ("EUR", Decimal("2.3"), Decimal("2.07")),
        ("EUR", Decimal("1.84"), Decimal("1.656")),
    ]
    assert days_to_rerate(DAY, NEXT) == []


@pytest.mark.parametrize(
    ("fixed_in", "corrected", "costs"),
    [("EUR", ("0.8", "USD"), ("2.0", "2.0")), ("GBP", ("1.2", "GBP"), ("2.25", "2.4"))],
)
def test_exchange_rate_of_the_list_price_or_of_a_fixed_price_is_corrected(
    published: Meter, fixed_in: str, corrected: tuple[str, str], costs: tuple[str, str]
) -> None:
    exchange("0.9")
    exchange("1", "GBP")
    load_contract(contract({**FIXED_INPUT, "currency": fixed_in}, billed_in="EUR"))
    reprice(DAY, NEXT, trigger="test")
    exchange(*corrected)
    assert days_to_rerate(DAY, NEXT) == [DAY, NEXT]
    reprice(DAY, NEXT, trigger="test")
    assert published.rows(COSTS)[0][2:4] == tuple(map(Decimal, costs))


@pytest.mark.parametrize(
    ("terms", "billed_in", "pair"),
    [
        (PERCENTAGE, None, ("EUR", "USD")),
        (PERCENTAGE, "EUR", ("GBP", "EUR")),
        (FIXED_INPUT, "EUR", ("USD", "GBP")),
    ],
)
def test_exchange_rate_by_which_nothing_was_exchanged_re_rates_nothing(
    published: Meter, terms: Mapping[str, object], billed_in: str | None, pair: tuple[str, str]
) -> None:
    exchange("0.9")
    load_contract(contract(terms, billed_in=billed_in))
    reprice(DAY, NEXT, trigger="test")
    exchange("1.1", *pair)
    assert days_to_rerate(DAY, NEXT) == []
