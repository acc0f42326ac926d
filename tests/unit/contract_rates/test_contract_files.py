"""What is wrong in a contract's file is named with its line and its fix."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from meterr_etl.contract_rates.exchange import read_exchange_rates
from meterr_etl.contract_rates.terms import Contract, Term, read_contract
from meterr_etl.errors import InputError

GOOD = """\
tenant_id: acme
billed_in:
  - {currency: EUR, valid_from: 2026-10-01}
terms:
  - name: output
    model: gpt-4o
    token_type: output
    price_per_million: 7.50
    valid_from: 2026-10-01
    valid_to: 2027-10-01
  - name: rest
    percent_off: 12.5
    valid_from: 2026-11-01
"""
RATES = """\
exchange_rates:
  - {from_currency: USD, to_currency: EUR, valid_from: 2026-10-01, rate: 0.92}
  - {from_currency: USD, to_currency: EUR, valid_from: 2026-10-02, rate: 0.93}
"""


@pytest.fixture
def contract(tmp_path: Path):
    def reading(text: str) -> Contract:
        path = tmp_path / "contract.yml"
        path.write_text(text)
        return read_contract(path)

    return reading


def test_good_contract_is_read_exactly(contract) -> None:
    found = contract(GOOD)
    assert [term.unit_price for term in found.terms] == [Decimal("0.0000075"), None]
    assert found.terms[1].percent_off == Decimal("12.5")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    percent_off: 12.5\n", "", "line 11: terms.1: Value error, give exactly one of"),
        ("percent_off: 12.5", "percent_off: 112.5", "line 12: terms.1.percent_off: Input should"),
        ("    token_type: output\n", "", "line 5: terms.0: Value error, a fixed price is of one"),
        ("valid_to: 2027", "valid_to: 2025", "valid_to must be later than valid_from"),
        ("name: rest", "name: output", "line 11: A term 'output' stands above. Rename one."),
        ("currency: EUR", "currency: euro", "line 3: billed_in.0.currency: String should match"),
        (
            "valid_from: 2026-10-01}\nterms",
            "valid_from: 2026-10-01}\n  - {currency: USD, valid_from: 2026-11-01}\nterms",
            "line 4: Two currencies are billed on 2026-11-01. End one before",
        ),
        (
            "  - name: output\n",
            "  - {name: all, percent_off: 1, valid_from: 2026-12-01}\n  - name: output\n",
            "line 6: 'all' takes every line of 'output' on 2026-12-01, since it stands above. Move",
        ),
    ],
)
def test_fault_is_named_with_line_and_fix(contract, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        contract(GOOD.replace(old, new, 1))
    assert said in str(caught.value)


TIERED = GOOD.replace(
    "    price_per_million: 7.50\n",
    "    price_per_million: 7.50\n    currency: EUR\n    tiers:\n"
    "      - {above: 1000000000, price_per_million: 7}\n"
    "      - {above: 5000000000, price_per_unit: 0.000006}\n",
)


def test_tiers_are_read_exactly(contract) -> None:
    (term, _) = contract(TIERED).terms
    assert [tier.unit_price for tier in term.tiers] == [Decimal("0.000007"), Decimal("0.000006")]
    assert term.tiers_apply_to == "part"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("price_per_unit: 0.000006", "percent_off: 6", "tiers are percentages where the term is"),
        ("above: 5000000000", "above: 1000000000", "each tier begins above the one before it"),
        ("above: 1000000000", "above: 0", "line 11: terms.0.tiers.0.above: Input should be grea"),
        (
            "    currency: EUR\n",
            "    currency: USD\n",
            "line 5: 'output' has tiers in USD, and is billed in EUR. Give prices with tiers in",
        ),
    ],
)
def test_fault_of_tiers_is_named(contract, old: str, new: str, said: str) -> None:
    assert old in TIERED
    with pytest.raises(InputError) as caught:
        contract(TIERED.replace(old, new, 1))
    assert said in str(caught.value)


def test_contract_that_says_nothing_is_refused(contract) -> None:
    with pytest.raises(InputError, match="give terms, or the currency"):
        contract("tenant_id: acme\n")


def a_contract(*terms: tuple[str, str, str]) -> Contract:
    return Contract(
        tenant_id="acme",
        terms=tuple(
            Term(name=name, provider=name, percent_off=off, valid_from=d) for name, off, d in terms
        ),
    )


@pytest.mark.parametrize(
    ("former", "now", "day"),
    [
        (None, [("a", "1", "2026-10-01"), ("b", "1", "2026-09-01")], "2026-09-01"),
        ([("a", "1", "2026-10-01")], [("a", "2", "2026-10-05")], "2026-10-01"),
        (
            [("a", "1", "2026-10-01")],
            [("a", "1", "2026-10-01"), ("b", "1", "2026-11-01")],
            "2026-11-01",
        ),
        (
            [("a", "1", "2026-10-01"), ("b", "1", "2026-11-01")],
            [("b", "1", "2026-11-01"), ("a", "1", "2026-10-01")],
            "2026-10-01",
        ),
    ],
)
def test_first_changed_day_is_that_of_the_first_term_that_changed(former, now, day) -> None:
    before = a_contract(*former) if former else None
    assert a_contract(*now).first_changed_day(before) == date.fromisoformat(day)


def test_exchange_rates_are_read_and_a_second_of_a_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rates.yml"
    path.write_text(RATES)
    assert [one.rate for one in read_exchange_rates(path).exchange_rates] == [
        Decimal("0.92"),
        Decimal("0.93"),
    ]
    path.write_text(RATES.replace("10-02", "10-01"))
    with pytest.raises(InputError, match=r"line 3: Two rates from USD to EUR hold from 2026-10-01"):
        read_exchange_rates(path)
