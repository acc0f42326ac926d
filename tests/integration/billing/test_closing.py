"""A closed billing period stands; what changes in it later is billed by the first open one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from meterr_etl.billing.closing import close_period
from meterr_etl.billing.verifying import verify_period
from meterr_etl.errors import ConflictError, InputError, InvariantError
from tests.integration.pipeline.conftest import SourceTables, Warehouse, at

from .conftest import (
    COST,
    INPUT_ALONE,
    LAST_OF_SEPTEMBER,
    LATER,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    run_night,
    run_october,
)

MONTHS = (
    "select billing_month, charge_month, charge_class, is_closed, cost_center,"
    " request_count::int, billed_cost from marts.billed_costs_monthly order by 1, 2, 5"
)


def add_late_event(source: SourceTables, arrives: date, **changes: object) -> None:
    source.add_event(LAST_OF_SEPTEMBER, updated_at=at(arrives, 3), **{**INPUT_ALONE, **changes})


def totals(warehouse: Warehouse) -> tuple[object, object]:
    """What all periods bill together, and what all usage costs now."""
    billed, current = (
        warehouse.value(f"select coalesce(sum(billed_cost), 0) from marts.{table}")
        for table in ("billed_costs_monthly", "fct_usage_cost_daily")
    )
    return billed, current


def test_late_event_of_a_closed_month_is_a_correction_in_the_open_one(
    source: SourceTables, september: Warehouse
) -> None:
    frozen = september.rows("select l::text from marts.billed_lines as l order by 1")
    add_late_event(source, OCTOBER)
    source.add_event(OCTOBER, **INPUT_ALONE)
    run_night(OCTOBER)

    assert september.rows(MONTHS) == [
        (SEPTEMBER, SEPTEMBER, None, True, "CC-1", 1, COST),
        (OCTOBER, SEPTEMBER, "Correction", False, "CC-1", 1, COST),
        (OCTOBER, OCTOBER, None, False, "CC-1", 1, COST),
    ]
    assert september.rows(
        "select charge_date, token_type, consumed_quantity::int, billed_cost"
        " from marts.billing_corrections order by token_type"
    ) == [
        (LAST_OF_SEPTEMBER, "request", 1, None),
        (LAST_OF_SEPTEMBER, "uncached_input", 1000, COST),
    ]
    assert september.rows("select l::text from marts.billed_lines as l order by 1") == frozen
    assert totals(september) == (3 * COST, 3 * COST)


def test_close_of_the_next_month_freezes_the_corrections_and_later_ones_count_from_there(
    source: SourceTables, september: Warehouse
) -> None:
    add_late_event(source, OCTOBER)
    run_night(OCTOBER)
    run_october()
    close_period(OCTOBER, LATER)
    assert september.rows(MONTHS) == [
        (SEPTEMBER, SEPTEMBER, None, True, "CC-1", 1, COST),
        (OCTOBER, SEPTEMBER, "Correction", True, "CC-1", 1, COST),
    ]
    assert september.rows("select * from marts.billing_corrections") == []

    add_late_event(source, NOVEMBER, input_tokens=2000)
    run_night(NOVEMBER)
    assert september.rows(MONTHS)[2:] == [
        (NOVEMBER, SEPTEMBER, "Correction", False, "CC-1", 1, 2 * COST)
    ]
    assert totals(september) == (4 * COST, 4 * COST)
    for month in (SEPTEMBER, OCTOBER):
        verify_period(month).require_sound()
    assert [
        (d["corrected_cost"], d["open_correction"], d["current_cost"])
        for d in verify_period(SEPTEMBER).differences
    ] == [(COST, 2 * COST, 4 * COST)]


def test_changed_event_takes_back_its_old_line_and_bills_the_new_one(
    source: SourceTables, september: Warehouse
) -> None:
    source.execute(
        f"update public.token_usage set model = 'gpt-4o-mini', updated_at = '{at(OCTOBER, 1)}'"
    )
    run_night(OCTOBER)
    lines = september.rows(
        "select model, consumed_quantity::int, billed_cost, list_unit_price * consumed_quantity"
        " from marts.billing_corrections where token_type = 'uncached_input' order by 2"
    )
    assert lines == [
        ("gpt-4o", -1000, -COST, -COST),
        ("gpt-4o-mini", 1000, Decimal("0.00015"), Decimal("0.00015")),
    ]
    assert totals(september) == (Decimal("0.00015"), Decimal("0.00015"))


def test_day_that_is_published_again_unchanged_corrects_nothing(september: Warehouse) -> None:
    run_night(LAST_OF_SEPTEMBER)
    assert september.rows("select version from ops.published_days") == [(2,)]
    assert september.rows("select * from marts.billing_corrections") == []


def test_usage_from_before_the_first_period_is_billed_by_it(
    source: SourceTables, unbilled: Warehouse
) -> None:
    source.add_event(date(2026, 8, 31), updated_at=at(LAST_OF_SEPTEMBER, 1), **INPUT_ALONE)
    run_night(LAST_OF_SEPTEMBER)
    expected = [(SEPTEMBER, date(2026, 8, 1), "Correction", False, "CC-1", 1, COST)]
    assert unbilled.rows(MONTHS)[:1] == expected
    close_period(SEPTEMBER, LATER)
    assert unbilled.rows(MONTHS)[:1] == [(*expected[0][:3], True, *expected[0][4:])]
    assert totals(unbilled) == (2 * COST, 2 * COST)
    verify_period(SEPTEMBER).require_sound()


def test_period_is_closed_once(september: Warehouse) -> None:
    before = september.rows("select * from ops.closed_periods")
    again = close_period(SEPTEMBER, LATER)
    assert again.was_closed
    assert september.rows("select * from ops.closed_periods") == before


def test_period_that_is_not_over_stays_open(september: Warehouse) -> None:
    with pytest.raises(InputError, match="2026-10 is not over yet"):
        close_period(OCTOBER, datetime(2026, 10, 31, 23, 59, tzinfo=UTC))


def test_periods_are_closed_one_after_the_other(september: Warehouse) -> None:
    with pytest.raises(ConflictError, match=r"2026-10 is open.*meterr period close 2026-10"):
        close_period(NOVEMBER, LATER)
    with pytest.raises(ConflictError, match="2026-08 is before the first one"):
        close_period(date(2026, 8, 1), LATER)


def test_period_with_a_missing_window_stays_open(september: Warehouse) -> None:
    run_night(OCTOBER)
    with pytest.raises(ConflictError, match=r"supabase 2026-10-02 to 2026-10-31 \(never run\)"):
        close_period(OCTOBER, LATER)


def test_period_with_a_failed_window_names_its_run_and_step(
    source: SourceTables, september: Warehouse
) -> None:
    run_october()
    source.execute("alter table public.token_usage rename to gone")
    with pytest.raises(InputError):
        run_night(OCTOBER)
    run_id = september.value("select run_id from ops.runs order by run_no desc limit 1")
    with pytest.raises(
        ConflictError,
        match=rf"2026-10-01 \(run {run_id} is failed at extract\).*--start 2026-10-01",
    ):
        close_period(OCTOBER, LATER)


def test_period_with_an_unpublished_day_stays_open(september: Warehouse) -> None:
    run_october(first=1)
    september.change("delete from ops.published_days where event_date = '2026-10-07'")
    with pytest.raises(ConflictError, match="2026-10-07"):
        close_period(OCTOBER, LATER)


def test_lines_that_do_not_add_up_to_what_is_published_are_not_frozen(
    unbilled: Warehouse,
) -> None:
    unbilled.change(
        "update marts.fct_usage_cost_daily set billed_cost = billed_cost + 1e-12"
        " where billed_cost is not null"
    )
    with pytest.raises(InvariantError, match=r"2026-09-30 0\.0025000*1 USD, published are 0\.0025"):
        close_period(SEPTEMBER, LATER)
    assert unbilled.value("select count(*) from ops.closed_periods") == 0
    assert unbilled.value("select count(*) from marts.billed_lines") == 0
