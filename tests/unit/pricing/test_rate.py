"""A unit price is exact, or rounded once at a stated place."""

from __future__ import annotations

from decimal import Decimal

from meterr_etl.pricing.rate import price_per_unit


def test_a_price_per_hour_without_finite_decimal_by_the_second_is_rounded_once() -> None:
    assert price_per_unit(Decimal("3.6"), 3600) == Decimal("0.001")
    assert price_per_unit(Decimal("0.111"), 3600) == Decimal("0.000030833333333333333333")
