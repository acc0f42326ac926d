"""What is wrong in a file of dated charges is named with its line and its fix."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from meterr_etl.charges.charge import TenantCharges, read_charges
from meterr_etl.errors import InputError

GOOD = """\
tenant_id: acme
charges:
  - name: seats 2026-11
    kind: subscription
    provider: openai
    amount: 100.00
    valid_from: 2026-11-01
    valid_to: 2026-12-01
    team: core
  - name: setup
    kind: fee
    provider: anthropic
    amount: 12.34
    valid_from: 2026-11-10
    billed_on: 2026-12-03
"""


@pytest.fixture
def charges(tmp_path: Path):
    def reading(text: str) -> TenantCharges:
        path = tmp_path / "charges.yml"
        path.write_text(text)
        return read_charges(path)

    return reading


def test_good_file_is_read_exactly(charges) -> None:
    seats, setup = charges(GOOD).charges
    assert (seats.amount, seats.ends_before, seats.billed_at) == (
        Decimal("100.00"), date(2026, 12, 1), date(2026, 11, 1),
    )  # fmt: skip
    assert (setup.ends_before, setup.billed_at) == (date(2026, 11, 11), date(2026, 12, 3))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("amount: 12.34", "amount: -12.34", "line 13: charges.1.amount: Input should be greater"),
        ("kind: fee", "kind: refund", "line 11: charges.1.kind: Input should be"),
        ("kind: fee", "kind: credit", "a credit is taken off the bills of its days; leave out"),
        ("valid_to: 2026-12-01", "valid_to: 2026-11-01", "valid_to must be later than valid_from"),
        ("    team: core\n", "    team: core\n    project: web\n", "name one of team, project and"),
        ("name: setup", "name: seats 2026-11", "line 10: A charge 'seats 2026-11' stands above"),
        ("provider: openai", "provider: ''", "line 5: charges.0.provider: String should have"),
    ],
)
def test_fault_is_named_with_line_and_fix(charges, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        charges(GOOD.replace(old, new, 1))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "day"),
    [
        ("", "", "9999-12-31"),
        ("amount: 12.34", "amount: 12.35", "2026-11-10"),
        ("billed_on: 2026-12-03", "billed_on: 2026-11-03", "2026-11-03"),
        ("amount: 100.00", "amount: 90", "2026-11-01"),
    ],
)
def test_first_changed_day_is_that_of_the_first_charge_that_changed(
    charges, old: str, new: str, day: str
) -> None:
    former = charges(GOOD)
    assert charges(GOOD.replace(old, new, 1)).first_changed_day(former) == date.fromisoformat(day)
    assert former.first_changed_day(None) == date(2026, 11, 1)


COMMITTED = """\
tenant_id: acme
charges:
  - {name: a, kind: commitment, provider: openai, amount: 120, valid_from: 2026-01-01,
     valid_to: 2027-01-01}
  - {name: b, kind: commitment, provider: google, amount: 120, valid_from: 2026-03-01,
     valid_to: 2026-04-01}
"""


def test_commitment_is_invoiced_as_a_whole_and_used_by_nobody_until_it_is_drawn(charges) -> None:
    (ahead, _) = charges(COMMITTED).charges
    assert ahead.part_of(date(2026, 1, 1)) == (0, 120)
    assert ahead.part_of(date(2026, 1, 2)) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("valid_to: 2027-01-01", "valid_to: 2026-12-31", "begins and ends on the first day of a"),
        (",\n     valid_to: 2027-01-01", "", "begins and ends on the first day of a month"),
        ("amount: 120,", "amount: 120, team: core,", "drawn by who uses it; leave out its owner"),
        ("provider: google", "provider: openai", "line 5: 'a' commits to openai on days of 'b'"),
    ],
)
def test_fault_of_a_commitment_is_named(charges, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        charges(COMMITTED.replace(old, new, 1))
    assert said in str(caught.value)
