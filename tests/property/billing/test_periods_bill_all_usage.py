"""The law of billing: all periods together bill what all usage costs now, whatever came when."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import COSTS, DAYS, KEY, MONTHS, Histories, Ledger, Line

LINES = st.builds(
    Line,
    tenant=st.sampled_from(["acme", "globex"]),
    cost_center=st.sampled_from(["CC-1", "CC-2"]),
    token_type=st.sampled_from(["output", "request"]),
    quantity=st.integers(1, 10**12),
    price=st.sampled_from([None, Decimal("0.0000025"), Decimal("1e-24"), Decimal(3), Decimal(0)]),
    currency=st.sampled_from(["USD", "EUR"]),
    contracted_price=st.sampled_from([None, Decimal("0.0000021"), Decimal(2)]),
)
DEEDS = st.one_of(st.just("close"), st.tuples(st.sampled_from(DAYS), st.lists(LINES, max_size=4)))
HISTORIES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SUMS = ", ".join(f"coalesce(sum({name}), 0)" for name in ("consumed_quantity", *COSTS))
COST_SUMS = ", ".join(f"coalesce(sum({cost}), 0)" for cost in COSTS)
LINE = f"{KEY}, contracted_unit_price, consumed_quantity, {', '.join(COSTS)}"
BILLED = (
    f"select {LINE} from marts.billed_lines"
    f" union all select {LINE} from marts.billing_corrections"
    f" union all select {LINE}"
    " from marts.fct_usage_cost_daily where charge_date >="
    " (select billing_month from marts.billing_periods where not is_closed)"
)


def assert_all_usage_is_billed(ledger: Ledger) -> None:
    """Line by line, and in what finance reads: nothing twice, nothing left out."""
    # A line without a contract's price, written before there were any, is one at the list price.
    key = f"{KEY}, coalesce(contracted_unit_price, list_unit_price)"
    by_line = f"select {key}, {SUMS} from {{}} group by {key} having sum(consumed_quantity) <> 0"
    billed = ledger.rows(by_line.format(f"({BILLED}) as b"))
    current = ledger.rows(by_line.format("marts.fct_usage_cost_daily"))
    assert sorted(billed, key=str) == sorted(current, key=str)
    monthly = ledger.rows(
        f"select charge_month, tenant_id, cost_center, billing_currency, sum(request_count),"
        f" {COST_SUMS} from marts.billed_costs_monthly group by 1, 2, 3, 4"
    )
    facts = ledger.rows(
        "select date_trunc('month', charge_date)::date, tenant_id, cost_center, billing_currency,"
        " coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0),"
        f" {COST_SUMS} from marts.fct_usage_cost_daily group by 1, 2, 3, 4"
    )
    without_nothing = {row for row in monthly if any(row[4:])}
    assert without_nothing == {row for row in facts if any(row[4:])}


@HISTORIES
@given(deeds=st.lists(DEEDS, min_size=3, max_size=12))
def test_all_periods_together_bill_all_usage_and_no_closed_one_changes(
    histories: Histories, deeds: list[object]
) -> None:
    open_months, frozen = list(MONTHS), Counter[object]()
    with histories.begin() as ledger:
        for deed in [*deeds, "close"]:
            if isinstance(deed, tuple):
                ledger.publish(*deed)
            elif open_months:
                ledger.close(open_months.pop(0))
            assert_all_usage_is_billed(ledger)
            kept = Counter(ledger.rows("select l::text from marts.billed_lines as l"))
            assert frozen <= kept
            frozen = kept
