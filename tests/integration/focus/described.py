"""Rules that the model states in words only, and that can be checked all the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from .checks import CURRENCY, MOMENT, NUMBER, UNIT, is_key_value, pairs_of
from .exported import Exported, Row

Described = Callable[[Exported, Sequence[Row]], bool]
PASCAL = re.compile(r"(?:x_)?(?:[A-Z][a-z0-9]*)+")
CURRENCIES = ["BillingCurrency", "PricingCurrency"]
KEY_VALUES = ["SkuPriceDetails", "Tags"]
PRICE_IN_ITS_CURRENCY = "PricingCurrencyContractedUnitPrice"
UNITS = ["ConsumedUnit", "PricingUnit"]


def _texts(matches: Callable[[str], object], columns: list[str]) -> Described:
    return lambda exported, _: all(matches(value) for value in exported.values(columns))


def _of_kind(matches: Callable[[str], object], kind: str) -> Described:
    return lambda exported, _: all(
        matches(value) for value in exported.values(exported.of_kind(kind))
    )


def _names(matches: Callable[[str], object]) -> Described:
    return lambda exported, _: all(matches(name) for name in exported.kinds)


def _one_each(first: str, second: str) -> Described:
    """Each value of one column goes with one of the other."""

    def holds(_: Exported, rows: Sequence[Row]) -> bool:
        seen = defaultdict(set)
        for row in rows:
            seen[row[first]].add(row[second])
        return all(len(others) == 1 for others in seen.values())

    return holds


def _products(*names: tuple[str, str, str]) -> Described:
    return lambda _, rows: all(
        Decimal(str(row[price])) * Decimal(str(row[quantity])) == Decimal(str(row[cost]))
        for row in rows
        for price, quantity, cost in names
        if row["ChargeClass"] is None
    )


def _moments(holds: Callable[[datetime, datetime, datetime, datetime], bool]) -> Described:
    """What billing period and charge period of a row that corrects nothing must be."""
    names = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    return lambda _, rows: all(
        holds(*(datetime.fromisoformat(str(row[name])) for name in names))
        for row in rows
        if row["ChargeClass"] is None
    )


def _keys(matches: Callable[[str], object], column: str) -> Described:
    return lambda exported, _: all(
        matches(key) for text in exported.values([column]) for key, _ in pairs_of(text) or []
    )


def _is_correction_of_the_past(_: Exported, rows: Sequence[Row]) -> bool:
    return all(
        (row["ChargeClass"] == "Correction")
        == (str(row["ChargePeriodStart"]) < str(row["BillingPeriodStart"]))
        for row in rows
    )


def _own_columns_last(exported: Exported, _: Sequence[Row]) -> bool:
    own = [name.startswith("x_") for name in exported.kinds]
    return own == sorted(own)


MET = _of_kind(NUMBER.fullmatch, "Decimal")
IN_UTC = _of_kind(MOMENT.fullmatch, "DateTime")
NOT_BLANK = _of_kind(str.strip, "String")
PRICES = [
    ("ListUnitPrice", "PricingQuantity", "ListCost"),
    ("ContractedUnitPrice", "PricingQuantity", "ContractedCost"),
]

DESCRIBED: dict[str, Described] = {
    **{f"DateTimeFormat-A-00{n}-M": IN_UTC for n in (1, 2, 4, 5, 6)},
    "CurrencyFormat-A-001-C": _texts(CURRENCY.fullmatch, CURRENCIES),
    **{f"NumericFormat-A-{n:03}-M": MET for n in range(2, 12)},
    "StringHandling-A-001-M": _of_kind(lambda text: text.encode(), "String"),
    "StringHandling-A-007-M": NOT_BLANK,
    "ColumnHandling-A-001-M": _names(PASCAL.fullmatch),
    "ColumnHandling-A-003-M": _names(lambda name: name.removeprefix("x_").isalnum()),
    "ColumnHandling-A-005-O": _names(lambda name: len(name) <= 50),
    "ColumnHandling-A-011-O": _names(PASCAL.fullmatch),
    "ColumnHandling-A-012-O": _own_columns_last,
    "ColumnHandling-A-013-O": _own_columns_last,
    "UnitFormat-A-001-M": _texts(UNIT.fullmatch, UNITS),
    **{f"KeyValueFormat-A-00{n}-M": _texts(is_key_value, KEY_VALUES) for n in (1, 2, 3, 4)},
    "NullHandling-A-002-M": NOT_BLANK,
    "SkuMeter-C-006-O": _one_each("SkuId", "SkuMeter"),
    "SkuPriceDetails-C-002-O": _keys(PASCAL.fullmatch, "SkuPriceDetails"),
    "SkuPriceDetails-C-007-M": _one_each("SkuPriceId", "SkuPriceDetails"),
    "SkuPriceDetails-C-017-C": _keys(lambda key: key.startswith("x_"), "SkuPriceDetails"),
    "PricingQuantity-C-009-C": _products(*PRICES),
    "ContractedCost-C-009-C": _products(PRICES[1]),
    "ConsumedQuantity-C-008-C": _texts(NUMBER.fullmatch, ["ConsumedQuantity"]),
    "PricingCurrencyContractedUnitPrice-C-005-C": lambda _, rows: all(
        row[PRICE_IN_ITS_CURRENCY] is not None for row in rows
    ),
    "PricingCurrencyContractedUnitPrice-C-008-C": lambda _, rows: all(
        Decimal(str(row[PRICE_IN_ITS_CURRENCY])) >= 0 for row in rows
    ),
    "BillingPeriodStart-C-004-M": _moments(lambda start, _, charged, __: start <= charged),
    "BillingPeriodEnd-C-004-M": _moments(lambda _, end, __, charged: charged <= end),
    "ChargePeriodStart-C-004-M": _moments(lambda _, __, start, end: start < end),
    "ChargePeriodEnd-C-004-M": _moments(lambda _, __, start, end: start < end),
    "ChargeClass-C-003-C": _is_correction_of_the_past,
    "ChargeClass-C-004-C": _is_correction_of_the_past,
}
