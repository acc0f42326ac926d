"""Who bears a month's cost, by FOCUS' names: whole to the last digit, and by which ratio.

Rules: FOCUS 1.3, Data Generator-Calculated Split Cost Allocation Handling.
"""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from meterr_etl.exports.files import FileFormat
from meterr_etl.exports.focus import export_focus
from tests.integration.billing.conftest import OCTOBER
from tests.integration.pipeline.conftest import Warehouse, an_id

from .charges import COSTS
from .exported import Row, csv_rows

DAYS = 31


@pytest.fixture
def allocated(october: Warehouse, tmp_path: Path) -> list[Row]:
    """The export of October by who bears it."""
    done = export_focus(OCTOBER, FileFormat.CSV, tmp_path, allocated=True)
    assert done.file.name == "focus-allocated-2026-10.csv"
    return csv_rows(done.file)


def test_costs_are_those_of_the_price_lines_to_the_last_digit(
    october: Warehouse, allocated: list[Row]
) -> None:
    listed = ", ".join(f"sum({cost})" for cost in COSTS.values())
    (told,) = october.rows(
        f"select {listed} from marts.fct_usage_cost_daily where charge_date >= '{OCTOBER}'"
    )
    sums = tuple(sum(Decimal(str(row[name])) for row in allocated) for name in COSTS)
    assert sums == told


def test_ratios_of_each_days_pool_sum_to_exactly_one(allocated: list[Row]) -> None:
    ratios: dict[object, Decimal] = defaultdict(Decimal)
    for row in allocated:
        if row["x_AllocationStatus"] != "direct":
            details = json.loads(str(row["AllocatedMethodDetails"]), parse_float=Decimal)
            assert (details["x_ShareNumerator"], details["x_ShareDenominator"]) == (1, 3)
            ratios[row["ChargePeriodStart"]] += details["Elements"][0]["AllocatedRatio"]
    assert set(ratios.values()) == {1}
    assert len(ratios) == DAYS


def test_allocated_charge_names_who_bears_it_and_direct_cost_names_nobody(
    allocated: list[Row],
) -> None:
    named = {
        (row["AllocatedResourceId"], row["AllocatedResourceName"], row["AllocatedTags"])
        for row in allocated
        if row["x_AllocationStatus"] == "allocated"
    }
    assert {(id_, name) for id_, name, _ in named} == {
        (str(an_id("platform")), "Platform"),
        (str(an_id("search")), "Search"),
        ("CC-9", "CC-9"),
    }
    assert {json.loads(str(tags))["cost_center"] for _, _, tags in named} == {"CC-1", "CC-9"}
    method = {row["AllocatedMethodId"] for row in allocated if row["AllocatedResourceId"]}
    assert len(method) == 1
    assert str(method.pop()).endswith(": shared")
    direct = [row for row in allocated if row["x_AllocationStatus"] == "direct"]
    columns = ("AllocatedMethodId", "AllocatedMethodDetails", "AllocatedResourceId")
    assert {row[name] for row in direct for name in columns} == {None}
