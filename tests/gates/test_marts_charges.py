"""What is billed beside usage is on exactly one price line, and counts wherever cost does."""

import pytest

from meterr_etl.gates.marts import CANDIDATE, ROLL_UPS

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
    ],
)
def test_a_charge_counts_in_all_marts_but_that_of_hours(night, red, lost_by, expectation):
    costs = "0.5, 0.5, 0.5, 10"
    bearing = {*MARTS, "fct_allocated_cost_daily"} - {"usage_by_hour", lost_by}
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
