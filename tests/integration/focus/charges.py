"""What a published October costs, what its export adds up to, and how a test changes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from tests.integration.billing.conftest import OCTOBER
from tests.integration.pipeline.conftest import Warehouse

from .exported import Row

COSTS = {
    "BilledCost": "billed_cost",
    "ContractedCost": "contracted_cost",
    "EffectiveCost": "effective_cost",
    "ListCost": "list_cost",
}


def plant(cost: Decimal, currency: str) -> str:
    """A change of the published cube: one line a day costs a little more, in a currency."""
    costs = ", ".join(f"{name} = {name} + {cost:f}" for name in COSTS.values())
    return (
        f"update marts.fct_usage_cost_daily set billing_currency = '{currency}', {costs}"
        " where model = 'o3' and token_type = 'reasoning'"
    )


@contextmanager
def changed(warehouse: Warehouse, change: str, back: str) -> Iterator[None]:
    """Plant something into the published lines, and take it out again."""
    warehouse.change(change)
    try:
        yield
    finally:
        warehouse.change(back)


def sums(rows: list[Row]) -> dict[str, tuple[Decimal, ...]]:
    """What an export adds up to, by currency."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(COSTS))
    for row in rows:
        held = found[str(row["BillingCurrency"])]
        for place, cost in enumerate(COSTS):
            # FOCUS: list and contracted cost of a purchase stand with what it covers.
            if row["ChargeCategory"] != "Purchase" or cost in ("BilledCost", "EffectiveCost"):
                held[place] += Decimal(str(row[cost]))
    return {currency: tuple(costs) for currency, costs in found.items()}


def billed(warehouse: Warehouse) -> dict[str, tuple[Decimal, ...]]:
    """What October bills: the priced lines of its cube, and corrections."""
    listed = ", ".join(COSTS.values())
    rows: Any = warehouse.rows(
        f"select billing_currency, {', '.join(f'sum({cost})' for cost in COSTS.values())} from ("
        f"select billing_currency, {listed} from marts.fct_usage_cost_daily"
        f" where charge_date >= '{OCTOBER}' union all"
        f" select billing_currency, {listed} from marts.billing_corrections) as l group by 1"
    )
    return {currency: tuple(costs) for currency, *costs in rows if costs[0] is not None}
