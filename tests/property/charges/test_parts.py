"""The days of a charge bear parts that add up to its amount, whatever the amount and the period."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from meterr_etl.charges.charge import DECIMALS, Charge

FIRST = date(2026, 1, 1)
AMOUNTS = st.integers(1, 10**40).map(lambda quanta: Decimal(f"{quanta}E-{DECIMALS}"))


@given(
    amount=AMOUNTS,
    days=st.integers(1, 800),
    billed_after=st.integers(-40, 840),
    kind=st.sampled_from(["subscription", "fee", "credit"]),
)
def test_parts_of_all_days_add_up_to_the_amount(
    amount: Decimal, days: int, billed_after: int, kind: str
) -> None:
    is_credit = kind == "credit"
    charge = Charge.model_validate(
        {
            "name": "any", "kind": kind, "provider": "openai", "amount": amount,
            "valid_from": FIRST, "valid_to": FIRST + timedelta(days),
            "billed_on": None if is_credit else FIRST + timedelta(billed_after),
        }
    )  # fmt: skip
    parts = {n: charge.part_of(FIRST + timedelta(n)) for n in range(-50, 850)}
    told = {n: part for n, part in parts.items() if part is not None}
    assert set(told) == {*range(days), *([] if is_credit else [billed_after])}
    whole = -Fraction(amount) if is_credit else Fraction(amount)
    assert sum(Fraction(part.used) for part in told.values()) == whole
    assert sum(Fraction(part.billed) for part in told.values()) == whole
    if is_credit:
        assert all(part.used == part.billed for part in told.values())
    else:
        assert [n for n, part in told.items() if part.billed] == [billed_after]
    assert all(
        abs(Fraction(told[n].used) - whole / days) < Fraction(1, 10**DECIMALS) for n in range(days)
    )
