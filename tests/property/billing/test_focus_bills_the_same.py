"""Whatever came when, the FOCUS rows of each period are what finance reads, and only its days."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from .conftest import DAYS, MONTHS, Histories, Ledger
from .test_corrections_stay_flat import LINES, tables_read
from .test_periods_bill_all_usage import DEEDS, HISTORIES

FOCUS = "marts.focus_cost_and_usage"
COSTS = ("List", "Contracted", "Effective", "Billed")
EXPORTED = (
    "(\"BillingPeriodStart\" at time zone 'UTC')::date,"
    " date_trunc('month', \"ChargePeriodStart\" at time zone 'UTC')::date,"
    ' "ChargeClass", "BillingAccountId", "x_CostCenter", "BillingCurrency"'
)
LINE = (
    '"BillingPeriodStart", "ChargePeriodStart", "ChargeClass", "BillingAccountId", "SubAccountId",'
    ' "x_CostCenter", "x_TeamId", "x_Model", "x_TokenType", "SkuPriceId", "ListUnitPrice",'
    ' "ContractedUnitPrice", "BillingCurrency"'
)
READ = "billing_month, charge_month, charge_class, tenant_id, cost_center, billing_currency"


def assert_periods_are_what_finance_reads(ledger: Ledger) -> None:
    focus = ", ".join(f'sum("{cost}Cost")' for cost in COSTS)
    monthly = ", ".join(f"sum({cost.lower()}_cost)" for cost in COSTS)
    groups = "group by 1, 2, 3, 4, 5, 6"
    exported = ledger.rows(f"select {EXPORTED}, {focus} from {FOCUS} {groups}")
    read = ledger.rows(f"select {READ}, {monthly} from marts.billed_costs_monthly {groups}")
    assert {row for row in exported if any(row[6:])} == {row for row in read if any(row[6:])}
    assert all(cost is not None for row in exported for cost in row[6:])
    assert ledger.rows(f"select from {FOCUS} group by {LINE} having count(*) > 1") == []
    wrong = (
        '"ListUnitPrice" * "PricingQuantity" is distinct from "ListCost"'
        ' or "ContractedUnitPrice" * "PricingQuantity" is distinct from "ContractedCost"'
    )
    assert ledger.rows(f"select from {FOCUS} where {wrong}") == []


@HISTORIES
@given(deeds=st.lists(DEEDS, min_size=3, max_size=12))
def test_rows_of_each_period_cost_what_finance_is_shown(
    histories: Histories, deeds: list[object]
) -> None:
    open_months = list(MONTHS)
    with histories.begin() as ledger:
        for deed in deeds:
            if isinstance(deed, tuple):
                ledger.publish(*deed)
            elif open_months:
                ledger.close(open_months.pop(0))
            assert_periods_are_what_finance_reads(ledger)


def test_a_period_is_read_from_its_own_days(histories: Histories) -> None:
    period = f"{FOCUS} where \"BillingPeriodStart\" = '{{}} 00:00+00'"
    partition = "fct_usage_cost_daily_{:%Y%m%d}"
    with histories.begin() as ledger:
        for day in DAYS:
            ledger.publish(day, LINES)
        ledger.close(MONTHS[0])
        ledger.close(MONTHS[1])
        for month in MONTHS:
            read = tables_read(ledger, period.format(month).removeprefix("marts."))
            own = {partition.format(day) for day in DAYS if day.replace(day=1) == month}
            of_cube = {name for name in read if name.startswith("fct_usage_cost_daily")}
            is_closed = month in MONTHS[:2]
            assert of_cube == (set() if is_closed else own)
            # The plan tells rows per day, rounded.
            lines = 2 * len(LINES) if is_closed else 0
            assert abs(read.get("billed_lines", 0) - lines) < len(LINES) // 50
