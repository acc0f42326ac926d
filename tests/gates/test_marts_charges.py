"""What is billed beside usage is on exactly one price line, and counts wherever cost does."""

import pytest

from meterr_etl.gates.marts import CANDIDATE, ROLL_UPS, marts_checkpoint
from meterr_etl.gates.measuring import fetch_sample
from meterr_etl.ledger.runs import load_run

MARTS = [CANDIDATE[key] for key in ROLL_UPS]


@pytest.mark.parametrize(
    "parts", ["(0.5, 0, 'USD')", "(0, 10, 'USD')", "(0.000000000001, 0, 'EUR')"]
)
def test_a_charge_that_is_on_no_price_line_stops_the_run(night, red, parts):
    night.plant(
        "insert into candidate_RUN.charge_parts"
        f" select '2026-11-14', 'tenant-a', * from (values {parts}) as p"
    )
    assert red("marts", stops=True) == {"price_lines_hold_all_charges"}
    _, message, _ = night.verdicts("marts")["price_lines_hold_all_charges"]
    assert message.startswith("1 sums of dated charges")


@pytest.mark.parametrize(
    ("lost_by", "expectation"),
    [
        (None, None),
        ("usage_by_team_daily", "roll_ups_hold_all_cost"),
        ("fct_allocated_cost_daily", "allocation_holds_all_cost"),
        ("fct_pooled_cost_daily", "allocation_holds_all_cost"),
    ],
)
def test_a_charge_counts_in_all_marts_but_that_of_hours(night, red, lost_by, expectation):
    costs = "0.5, 0.5, 0.5, 10"
    allocation = {"fct_allocated_cost_daily", "fct_pooled_cost_daily"}
    bearing = {*MARTS, *allocation} - {"usage_by_hour", lost_by}
    night.plant(
        "insert into candidate_RUN.charge_parts values ('2026-11-14', 'tenant-a', 0.5, 10, 'USD')",
        "insert into candidate_RUN.fct_usage_cost_daily (charge_date, tenant_id, provider, model,"
        " region, service_tier, processing_mode, token_type, pricing_status, consumed_quantity,"
        " list_unit_price, contracted_unit_price, billing_currency, list_cost, contracted_cost,"
        " effective_cost, billed_cost) values ('2026-11-14', 'tenant-a', 'openai', 'seats',"
        " 'unassigned', 'default', 'sync', 'subscription', 'charged', 1, 0.5, 0.5, 'USD',"
        f" {costs})",
        *(
            f"insert into candidate_RUN.{mart} (charge_date, tenant_id, billing_currency,"
            " list_cost, contracted_cost, effective_cost, billed_cost)"
            f" values ('2026-11-14', 'tenant-a', 'USD', {costs})"
            for mart in sorted(bearing)
        ),
    )
    assert red("marts", stops=expectation is not None) == ({expectation} - {None})


@pytest.mark.parametrize(
    ("volume", "is_of_all", "is_red"),
    [(10, False, False), (11, False, True), (10, True, False), (11, True, True)],
)
def test_volume_that_is_not_settled_stops_the_run(night, red, volume, is_of_all, is_red):
    night.plant(
        "update candidate_RUN.affected_days set event_date = '2026-10-31'"
        " where event_date = '2026-11-14'",
        "insert into candidate_RUN.volume_tiers"
        f" values ('tenant-a', 'output', true, {is_of_all}, 'USD', 10, null, 2, 1.5)",
        "insert into candidate_RUN.published_volumes values"
        f" ('2026-10-31', 'tenant-a', 'output', 'openai', 't', 'p', 'c', 'USD', {volume}, 0)",
    )
    assert red("marts", stops=is_red) == ({"price_lines_settle_all_volume"} if is_red else set())


def test_settlement_that_no_volume_explains_stops_the_run(night, red):
    night.plant(
        "insert into candidate_RUN.fct_usage_cost_daily (charge_date, tenant_id, provider, model,"
        " region, service_tier, processing_mode, token_type, pricing_status, consumed_quantity,"
        " list_unit_price, contracted_unit_price, billing_currency, list_cost, contracted_cost,"
        " effective_cost, billed_cost) values ('2026-11-14', 'tenant-a', 'openai', 'output',"
        " 'unassigned', 'default', 'sync', 'volume_settlement', 'charged', 1, 0, -1, 'USD',"
        " 0, -1, -1, -1)"
    )
    assert "price_lines_settle_all_volume" in red("marts", stops=True)


@pytest.mark.parametrize("kind", ["credit", "volume_settlement", "commitment_drawdown"])
def test_what_rightly_lowers_a_bill_is_no_sample_of_a_negative_cost(night, kind):
    night.plant(
        f"update candidate_RUN.fct_usage_cost_daily set billed_cost = -1, token_type = '{kind}'"
        " where token_type = 'output'",
        "update candidate_RUN.fct_usage_cost_daily set billed_cost = -2"
        " where token_type = 'uncached_input' and pricing_status = 'priced'",
    )
    checkpoint = marts_checkpoint(load_run(night.run_id))
    wrong = {row["billed_cost"] for row in fetch_sample(checkpoint, "sample_negative_cost", 99)}
    assert wrong == {"-2"}


POOLED = (
    "update candidate_RUN.{table} set pool = 'p'{also} where charge_date = '2026-11-14'"
    " and tenant_id = 'tenant-a'"
)


@pytest.mark.parametrize(("status", "is_red"), [("held", False), ("unallocated", True)])
def test_pool_by_month_that_does_not_hold_its_cost_stops_the_run(night, red, status, is_red):
    night.plant(
        "insert into candidate_RUN.allocation_pools"
        " values ('tenant-a', 'p', '2026-11-01', null, 'month')",
        POOLED.format(table="fct_pooled_cost_daily", also=""),
        POOLED.format(table="fct_allocated_cost_daily", also=f", allocation_status = '{status}'"),
    )
    assert red("marts", stops=is_red) == ({"pools_by_month_are_settled"} if is_red else set())


def test_held_cost_that_the_last_day_does_not_give_back_stops_the_run(night, red):
    night.plant(
        "insert into candidate_RUN.allocation_pools"
        " values ('tenant-a', 'p', '2026-10-01', '2026-11-01', 'month')",
        "update candidate_RUN.affected_days set event_date = '2026-10-31'"
        " where event_date = '2026-11-13'",
        "insert into candidate_RUN.published_pools"
        " values ('2026-10-02', 'tenant-a', 'p', 'USD', 0.000000000001)",
    )
    assert red("marts", stops=True) == {"pools_by_month_are_settled"}


@pytest.mark.parametrize(
    ("used", "expected"), [(0, set()), (1, {"commitments_pay_what_they_cover"})]
)
def test_usage_that_a_commitment_does_not_pay_stops_the_run(night, red, used, expected):
    night.plant(
        "update candidate_RUN.affected_days set event_date = '2026-10-31'"
        " where event_date = '2026-11-13'",
        "insert into candidate_RUN.commitments values"
        " ('tenant-a', 'ahead', 'openai', 'USD', 10, '2026-10-01', '2026-12-01', 9)",
        "insert into candidate_RUN.published_usage values"
        f" ('2026-10-02', 'tenant-a', 'openai', 't', 'p', 'c', {used}, 'USD')",
    )
    assert red("marts", stops=bool(expected)) == expected


def test_commitment_whose_rest_is_not_told_stops_the_run(night, red):
    night.plant(
        "update candidate_RUN.affected_days set event_date = '2026-10-31'"
        " where event_date = '2026-11-13'",
        "insert into candidate_RUN.commitments values"
        " ('tenant-a', 'ahead', 'openai', 'USD', 10, '2026-10-01', '2026-11-01', 9)",
    )
    assert red("marts", stops=True) == {"commitments_pay_what_they_cover"}
