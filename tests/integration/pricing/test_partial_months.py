"""What a month decides counts no stale day, whatever part of the month is re-rated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.errors import InputError
from meterr_etl.repricing import days_to_rerate, reprice, what_if
from tests.prepared import Prepared

from .conftest import Meter
from .test_repricing import change_price
from .test_volume_tiers import (
    BY_PRICE,
    CONSERVED,
    FIRST,
    LAST,
    MIDDLE,
    SUM,
    contract,
    run_days,
    with_usage,
)


@pytest.fixture
def usage(prepared: Prepared, lenient: pytest.MonkeyPatch) -> Iterator[Meter]:
    """Five million tokens in October, of which nothing is published yet."""
    with prepared.copied(with_usage, lenient) as pair:
        yield Meter(pair.source, pair.warehouse)


@pytest.mark.parametrize("asked", [(LAST, LAST), (FIRST, FIRST), (MIDDLE, LAST)])
def test_part_of_a_month_is_re_rated_with_the_days_that_its_settlement_counts(
    usage: Meter, asked: tuple[date, date]
) -> None:
    run_days(usage, FIRST, MIDDLE, LAST)
    load_contract(contract(BY_PRICE))
    assert days_to_rerate(*asked) == [FIRST, MIDDLE, LAST]
    assert reprice(*asked, trigger="test").days == (FIRST, MIDDLE, LAST)
    assert usage.value(SUM) == 8
    assert usage.value(CONSERVED) is True


@pytest.mark.parametrize("asked", [(LAST, LAST), (FIRST, FIRST)])
def test_night_that_settled_stale_days_is_settled_anew_with_them(
    usage: Meter, asked: tuple[date, date]
) -> None:
    run_days(usage, FIRST, MIDDLE)
    load_contract(contract(BY_PRICE))
    run_days(usage, LAST)
    # Three million by list are 7.50, and two by the contract 4: they reach no tier alone.
    assert usage.value(SUM) == Decimal("11.5")
    assert days_to_rerate(*asked) == [FIRST, MIDDLE]
    assert reprice(*asked, trigger="test").days == (FIRST, MIDDLE, LAST)
    assert usage.value(SUM) == 8
    assert days_to_rerate(FIRST, LAST) == []


def test_days_are_re_rated_with_a_range_for_the_tenant_whose_settlement_counts_them(
    usage: Meter,
) -> None:
    load_contract(contract(BY_PRICE))
    run_days(usage, FIRST, MIDDLE, LAST)
    assert days_to_rerate(FIRST, LAST) == []
    others = contract({"name": "all", "percent_off": "10"}).model_copy(update={"tenant_id": "beta"})
    load_contract(others)
    # Nothing of beta's is settled by the month.
    assert days_to_rerate(LAST, LAST) == [LAST]
    change_price(usage, "gpt-4o", "0.000003")
    assert days_to_rerate(LAST, LAST) == [FIRST, MIDDLE, LAST]
    assert days_to_rerate(LAST, LAST, "acme") == [FIRST, MIDDLE, LAST]


def test_what_if_refuses_to_settle_days_that_need_re_rating(usage: Meter) -> None:
    run_days(usage, FIRST, MIDDLE, LAST)
    load_contract(contract(BY_PRICE))
    with pytest.raises(InputError, match="others that need re-rating, 2026-10-01 to 2026-10-15"):
        what_if(LAST, LAST, trigger="test")
