"""What a correction costs depends on the days that moved since they were billed, on no other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from .conftest import DAYS, MONTHS, Histories, Ledger, Line

MOVED = DAYS[2]
LINES = [Line("acme", f"CC-{n}", "output", n, Decimal("0.01"), "USD") for n in range(1, 301)]


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of an analyzed plan that read a table."""
    if "Relation Name" in plan and plan["Actual Loops"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def tables_read(ledger: Ledger, view: str) -> dict[str, int]:
    """Which tables of marts a view read, and how many of their rows it looked at."""
    ((found,),) = ledger.rows(f"explain (analyze, format json) select * from marts.{view}")
    read: dict[str, int] = {}
    for scan in scans(found[0]["Plan"]):  # type: ignore[index]
        rows = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
        name = scan["Relation Name"]
        read[name] = read.get(name, 0) + int(rows * scan["Actual Loops"])
    return read


def test_corrections_read_only_days_published_since_they_were_billed(
    histories: Histories,
) -> None:
    with histories.begin() as ledger:
        for day in DAYS:
            ledger.publish(day, LINES)
        for month in MONTHS[:3]:
            ledger.close(month)
        days = {f"fct_usage_cost_daily_{day:%Y%m%d}" for day in DAYS}

        before = tables_read(ledger, "billing_corrections")
        assert not days & set(before)
        assert "billed_lines" not in before

        ledger.publish(MOVED, LINES[1:])
        after = tables_read(ledger, "billing_corrections")
        assert days & set(after) == {f"fct_usage_cost_daily_{MOVED:%Y%m%d}"}
        assert after["billed_lines"] == len(LINES)
        assert len(ledger.rows("select from marts.billing_corrections")) == 1
        assert days & set(tables_read(ledger, "billed_costs_monthly")) == days & set(after)
