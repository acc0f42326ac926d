"""What was paid ahead pays the usage of month after month, until it is used up or lost (FOCUS)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import doubts_of_charges, list_charges, load_charges
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.errors import InputError
from meterr_etl.previews import preview_charges, preview_contract
from meterr_etl.repricing import days_to_rerate, reprice
from tests.prepared import Pair, Prepared

from .conftest import Meter, with_rates
from .test_volume_tiers import CONSERVED, NOVEMBER, SUM, event

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)
MIDDLE = date(2026, 9, 15)
BEGIN = date(2026, 8, 1)
DRAWN = (
    "select charge_date, token_type, project_id, effective_cost, billed_cost"
    " from marts.fct_usage_cost_daily where pricing_status = 'charged' order by 1, 2, 3"
)
BILLED = "select sum(billed_cost) from marts.fct_usage_cost_daily where tenant_id = 'acme'"


def commitment(amount: str, **changes: object) -> TenantCharges:
    said = {
        "name": "ahead", "kind": "commitment", "provider": "openai", "amount": amount,
        "valid_from": str(BEGIN), "valid_to": "2026-11-01", "billed_on": str(AUGUST),
    }  # fmt: skip
    return TenantCharges.model_validate({"tenant_id": "acme", "charges": [said | changes]})


def with_three_months(pair: Pair) -> None:
    """Two, three and three million tokens: 5, 7.50 and 7.50 USD by list."""
    with_rates(pair)
    meter = Meter(pair.source, pair.warehouse)
    meter.create_table("canonical")
    meter.load(
        "usage_events",
        [
            event(1, AUGUST, 2),
            event(2, MIDDLE, 2, "search"),
            event(3, SEPTEMBER, 1),
            event(4, OCTOBER, 3),
        ],
    )
    for day in (AUGUST, MIDDLE, SEPTEMBER, OCTOBER):
        meter.run("canonical", day)


@pytest.fixture
def published(prepared: Prepared, lenient: pytest.MonkeyPatch) -> Iterator[Meter]:
    """Three months of usage at list prices."""
    with prepared.copied(with_three_months, lenient) as pair:
        yield Meter(pair.source, pair.warehouse)


def committed(amount: str) -> None:
    load_charges(commitment(amount))
    reprice(BEGIN, OCTOBER, trigger="test")


def test_months_draw_it_down_by_whose_usage_it_is(published: Meter) -> None:
    committed("15")
    assert [row["charged_to"] for row in list_charges()] == ["who uses it"]
    assert published.rows(DRAWN) == [
        (AUGUST, "commitment", "unassigned", 0, 15),
        (AUGUST, "commitment_drawdown", "web", 0, -5),
        (SEPTEMBER, "commitment_drawdown", "search", 0, -5),
        (SEPTEMBER, "commitment_drawdown", "web", 0, Decimal("-2.5")),
        (OCTOBER, "commitment_drawdown", "web", 0, Decimal("-2.5")),
    ]
    assert (published.value(SUM), published.value(BILLED)) == (20, 20)
    assert published.value(CONSERVED) is True


def test_what_nobody_uses_is_lost_on_its_last_day(published: Meter) -> None:
    committed("30")
    assert published.rows(DRAWN)[-1] == (OCTOBER, "unused_commitment", "unassigned", 10, 0)
    assert (published.value(SUM), published.value(BILLED)) == (30, 30)
    assert published.value(CONSERVED) is True


def test_late_event_moves_what_all_later_months_draw(published: Meter) -> None:
    committed("15")
    published.load("usage_events", [event(5, MIDDLE, 2, arrived=NOVEMBER)])
    published.run("canonical", NOVEMBER)
    assert [row[0] for row in published.rows(
        "select event_date from ops.published_days where version > 2 order by 1"
    )] == [MIDDLE, SEPTEMBER, OCTOBER]  # fmt: skip
    drawn = "select charge_date, sum(billed_cost) from marts.fct_usage_cost_daily where token_type"
    assert published.rows(f"{drawn} = 'commitment_drawdown' group by 1 order by 1") == [
        (AUGUST, -5),
        (SEPTEMBER, -10),
    ]
    assert (published.value(SUM), published.value(BILLED)) == (25, 25)


def test_volume_is_settled_before_it_is_drawn(published: Meter) -> None:
    term = {
        "name": "input", "model": "gpt-4o", "token_type": "uncached_input", "valid_from": BEGIN,
        "price_per_million": "2", "tiers": [{"above": 2_000_000, "price_per_million": "1"}],
    }  # fmt: skip
    load_contract(Contract.model_validate({"tenant_id": "acme", "terms": [term]}))
    committed("100")
    drawn = "select charge_date, sum(billed_cost) from marts.fct_usage_cost_daily where token_type"
    assert published.rows(f"{drawn} = 'commitment_drawdown' group by 1 order by 1") == [
        (AUGUST, -4),
        (SEPTEMBER, -5),
        (OCTOBER, -5),
    ]
    assert (published.value(SUM), published.value(BILLED)) == (100, 100)
    assert published.value(CONSERVED) is True


def test_preview_shows_what_would_be_lost_and_leaves_nothing(published: Meter) -> None:
    before = published.rows(DRAWN)
    found = preview_charges(commitment("30"), BEGIN, OCTOBER, trigger="test")
    assert [row["cost_change"] for row in found.changes] == [10]
    assert published.rows(DRAWN) == before == []
    assert days_to_rerate(BEGIN, OCTOBER) == []


@pytest.mark.parametrize(
    ("provider", "named"),
    [
        ("opneai", "'opneai', which no event and no rate knows. Write openai"),
        ("OpenAI", "'OpenAI', which events call openai. Write openai"),
    ],
)
def test_commitment_to_a_provider_that_nobody_uses_is_refused_before_it_is_lost(
    published: Meter, provider: str, named: str
) -> None:
    for found in (load_charges, lambda it: preview_charges(it, BEGIN, OCTOBER, trigger="test")):
        with pytest.raises(InputError, match=f"The commitment 'ahead' names the provider {named}"):
            found(commitment("30", provider=provider))
    assert list_charges() == []


def test_commitment_to_a_provider_that_is_used_later_is_loaded_and_told(published: Meter) -> None:
    (doubt,) = load_charges(commitment("30", provider="anthropic")).doubts
    assert doubt.startswith("The commitment 'ahead' names the provider 'anthropic', which no event")
    assert load_charges(commitment("30")).doubts == ()


@pytest.mark.parametrize(
    ("currency", "first", "end", "said"),
    [
        ("EUR", "2026-10-01", None, ("EUR from 2026-10-01 to 2026-10-31",)),
        ("EUR", "2026-07-01", "2026-09-01", ("EUR from 2026-08-01 to 2026-08-31",)),
        ("EUR", "2026-11-01", None, ()),
        ("USD", "2026-10-01", None, ()),
    ],
)
def test_commitment_in_another_currency_than_the_bill_is_doubtful(
    published: Meter, currency: str, first: str, end: str | None, said: tuple[str, ...]
) -> None:
    billed = {"currency": currency, "valid_from": first, "valid_to": end}
    load_contract(Contract.model_validate({"tenant_id": "acme", "billed_in": [billed]}))
    expected = tuple(
        f"The commitment 'ahead' is in USD, and acme's contract bills in {period}: the usage of"
        " these days draws nothing of it, and what nothing draws is lost. Commit in EUR, or bill"
        " these days in USD."
        for period in said
    )
    found = commitment("30")
    assert doubts_of_charges(found) == load_charges(found).doubts == expected
    assert doubts_of_charges(commitment("30", kind="subscription")) == ()


def test_subscription_names_whoever_sells_it(published: Meter) -> None:
    assert load_charges(commitment("30", kind="subscription", provider="a seller")).doubts == ()


def discount() -> Contract:
    term = {"name": "half", "percent_off": "50", "valid_from": BEGIN}
    return Contract.model_validate({"tenant_id": "acme", "terms": [term]})


def test_preview_of_one_month_counts_what_former_months_would_draw(published: Meter) -> None:
    first = OCTOBER.replace(day=1)
    # August to October use 20, so nothing of it is lost in October.
    assert preview_charges(commitment("20"), first, OCTOBER, trigger="test").changes == ()
    found = preview_charges(commitment("30"), first, OCTOBER, trigger="test")
    assert [row["cost_change"] for row in found.changes] == [10]
    assert found.days == (OCTOBER,)


@pytest.mark.parametrize("is_night", [True, False])
def test_month_that_is_built_first_draws_what_former_months_leave(
    published: Meter, *, is_night: bool
) -> None:
    load_charges(commitment("15"))
    if is_night:
        published.run("canonical", OCTOBER)
    else:
        assert reprice(OCTOBER, OCTOBER, trigger="test").days == (OCTOBER,)
    of_october = (OCTOBER, "commitment_drawdown", "web", 0, Decimal("-2.5"))
    assert published.rows(DRAWN) == [of_october]
    reprice(BEGIN, SEPTEMBER, trigger="test")
    assert published.rows(DRAWN)[-1] == of_october
    assert (published.value(SUM), published.value(BILLED)) == (20, 20)
    assert days_to_rerate(BEGIN, OCTOBER) == []


def test_days_that_cost_something_else_by_now_are_drawn_anew_with_a_later_month(
    published: Meter,
) -> None:
    committed("15")
    load_contract(discount())
    done = reprice(OCTOBER, OCTOBER, trigger="test")
    assert done.days == (AUGUST, MIDDLE, SEPTEMBER, OCTOBER)
    # Half of 20 is used, so 5 of the 15 are lost.
    assert published.rows(DRAWN)[-1] == (OCTOBER, "unused_commitment", "unassigned", 5, 0)
    assert (published.value(SUM), published.value(BILLED)) == (15, 15)
    assert published.value(CONSERVED) is True
    assert days_to_rerate(BEGIN, OCTOBER) == []


def test_preview_of_a_contract_draws_former_months_at_its_prices(published: Meter) -> None:
    committed("15")
    found = preview_contract(discount(), OCTOBER.replace(day=1), OCTOBER, trigger="test")
    # October costs 3.75 less by its usage, and 5 more by what is lost.
    assert [row["cost_change"] for row in found.changes] == [Decimal("1.25")]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(amount=st.decimals("0.000001", "30", places=12).map(str))
def test_any_amount_is_paid_once_to_the_last_digit(published: Meter, amount: str) -> None:
    committed(amount)
    assert published.value(SUM) == max(Decimal(20), Decimal(amount))
    assert published.value(BILLED) == max(Decimal(20), Decimal(amount))
    assert published.value(CONSERVED) is True
