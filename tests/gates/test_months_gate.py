"""Every expectation of the months gate goes red by its own planted fault, and by no other."""

from __future__ import annotations

import pytest

from meterr_etl.gates.months import months_expectations

LAST_DIGIT = "0.000000000000000000000000000001"
MEASURES = (
    "request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
    " unpriced_tokens, list_cost, contracted_cost, effective_cost, billed_cost"
)
SUMS = ", ".join(f"sum({name.strip()})" for name in MEASURES.split(","))
COSTS = ["list_cost", "contracted_cost", "effective_cost", "billed_cost"]
QUANTITIES = [name.strip() for name in MEASURES.split(",") if not name.endswith("_cost")]
MARTS = [
    "chargeback_monthly",
    "usage_by_feature_monthly",
    "usage_by_model_monthly",
    "usage_by_user_monthly",
]
DAYS = """
    select * from marts.usage_by_tenant_daily
    where charge_date not in (select event_date from ops.run_days where run_id = 'RUN')
    union all
    select b.charge_date, b.tenant_id, null, b.request_count, b.input_tokens, b.output_tokens,
        b.cache_read_tokens, b.total_tokens, b.unpriced_tokens, b.list_cost, b.contracted_cost,
        b.effective_cost, b.billed_cost, b.billing_currency
    from candidate_RUN.usage_by_tenant_daily as b
"""


@pytest.fixture
def months(night):
    """The clean night with its months derived, by hand."""
    night.plant(
        "insert into marts.usage_by_tenant_daily select charge_date, tenant_id, tenant_name,"
        f" {MEASURES}, billing_currency from marts.usage_by_team_daily"
    )
    for mart, key in night.connection.execute(
        "select name, key from ops.published_marts where derivation is not null"
    ).fetchall():
        others = [name for name in key if name not in ("tenant_id", "billing_month")]
        others.remove("billing_currency")
        night.plant(
            f"create table candidate_RUN.{mart} (like marts.{mart})",
            f"create table candidate_RUN.{mart}__moved as"
            f" select {', '.join(key)} from marts.{mart} where false",
            f"insert into candidate_RUN.{mart} (billing_month, tenant_id, billing_currency,"
            f" {MEASURES}, last_charge_date, {', '.join(others)})"
            f" select date_trunc('month', charge_date), tenant_id, billing_currency, {SUMS},"
            f" max(charge_date), {', '.join(repr(name) for name in others)}"
            f" from ({DAYS}) group by 1, 2, 3",
        )
    night.plant("grant select on all tables in schema candidate_RUN to meterr_publisher")
    return night


def change(mart: str, assignment: str) -> str:
    """Update one derived row of a mart of months."""
    table = f"candidate_RUN.{mart}"
    return (
        f"update {table} set {assignment} where ctid in"
        f" (select ctid from {table} where list_cost is not null limit 1)"
    )


def left_behind(mart: str) -> str:
    """Let a published row stand that neither is summed up anew nor has a new day."""
    key = {
        "chargeback_monthly": "cost_center, team_id",
        "usage_by_feature_monthly": "feature, environment",
        "usage_by_model_monthly": "provider, model",
        "usage_by_user_monthly": "user_id, team_id",
    }[mart]
    return (
        f"insert into marts.{mart} (billing_month, tenant_id, billing_currency, {key},"
        f" {', '.join(QUANTITIES)}, last_charge_date) values ('2026-11-01', 'tenant-a', 'USD',"
        " 'gone', 'gone', 1, 1, 1, 0, 2, 0, '2026-11-09')"
    )


def test_months_that_hold_their_days_pass(months):
    assert months.judge("months") is None
    assert months.outcomes("months", "passed") == {e.name for e in months_expectations()}


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("measure", QUANTITIES)
def test_one_token_or_request_more_than_the_days_have_stops_the_run(months, red, mart, measure):
    months.plant(change(mart, f"{measure} = {measure} + 1"))
    assert red("months", stops=True) == {"months_hold_all_usage"}


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("cost", COSTS)
def test_cost_that_differs_in_its_last_digit_stops_the_run(months, red, mart, cost):
    months.plant(change(mart, f"{cost} = {cost} + {LAST_DIGIT}"))
    assert red("months", stops=True) == {"months_hold_all_cost"}
    _, message, (row, *_) = months.verdicts("months")["months_hold_all_cost"]
    assert message.startswith("1 costs of months differ from their days")
    assert (row["mart"], row["measure"], row["currency"]) == (mart, cost, "USD")


@pytest.mark.parametrize("mart", MARTS)
def test_row_that_should_have_been_summed_up_anew_stops_the_run(months, red, mart):
    months.plant(left_behind(mart))
    assert red("months", stops=True) == {"months_hold_all_usage"}


def test_row_that_vanishes_is_not_counted(months):
    months.plant(
        left_behind("chargeback_monthly"),
        "insert into candidate_RUN.chargeback_monthly__moved (billing_month, tenant_id,"
        " billing_currency, cost_center, team_id)"
        " values ('2026-11-01', 'tenant-a', 'USD', 'gone', 'gone')",
    )
    assert months.judge("months") is None


def test_month_that_the_run_does_not_affect_stops_it(months, red):
    months.plant(
        "insert into candidate_RUN.chargeback_monthly (billing_month, tenant_id, cost_center,"
        " team_id, request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
        " unpriced_tokens, billing_currency, last_charge_date)"
        " values ('2026-08-01', 'tenant-a', 'c', 't', 0, 0, 0, 0, 0, 0, 'USD', '2026-08-01')"
    )
    assert red("months", stops=True) == {"no_other_month_derived"}
