"""Who bears a share, where usage is billed in another currency or its owner moves (DESIGN §9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import load_charges
from meterr_etl.contract_rates.exchange import ExchangeRates, load_exchange_rates
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
ACME, CORE, OPS = (str(an_id(name)) for name in ("acme", "Core", "Ops"))
LAST = date(2026, 11, 30)
BORNE = (
    "select billing_currency, team_name, cost_center, allocation_status, effective_cost"
    " from marts.fct_allocated_cost_daily where pool = 'fees' and charge_date = '{}' order by 2"
)


def load_fees(charge: dict[str, object] | None = None, **rule: object) -> None:
    """Let a fee of the tenant be a pool; without a rule's changes all teams bear it by tokens."""
    fee = {"name": "support", "kind": "fee", "provider": "openai", "amount": "1200"}
    fee |= {"valid_from": str(DAY), **(charge or {})}
    load_charges(TenantCharges.model_validate({"tenant_id": ACME, "charges": [fee]}))
    by_tokens = {"weights": "proportional", "driver": "tokens", "every": "team"}
    said = {"pool": "fees", "valid_from": "2026-11-01", **(rule or by_tokens)}
    pools = [{"name": "fees", "filter": {"token_type": ["fee"]}}]
    load_rules(
        AllocationRules.model_validate(
            {"tenant_id": ACME, "method": "step_down", "pools": pools, "rules": [said]}
        )
    )


def bill_in_euros() -> None:
    first = {"valid_from": DAY}
    rate = {"from_currency": "USD", "to_currency": "EUR", "rate": "0.92", **first}
    load_exchange_rates(ExchangeRates.model_validate({"exchange_rates": [rate]}))
    billed = [{"currency": "EUR", **first}]
    load_contract(Contract.model_validate({"tenant_id": ACME, "billed_in": billed}))


@pytest.fixture
def acme(source: SourceTables) -> SourceTables:
    """Two teams with a project each; on the day core calls three times, ops once."""
    source.add_two_teams()
    for team in ("Core", "Core", "Core", "Ops"):
        source.add_event(DAY, project_id=an_id(f"{team}'s"))
    return source


@pytest.mark.parametrize("period", ["day", "month"])
def test_fee_in_another_currency_is_borne_by_the_teams_tokens(
    period: str, acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(LAST, project_id=an_id("Ops's"))
    night(DAY)
    bill_in_euros()
    load_fees(period=period, weights="proportional", driver="tokens", every="team")
    night(DAY)
    night(LAST)
    day, of_ops = (LAST, 2) if period == "month" else (DAY, 1)
    each = Decimal(1200) / (3 + of_ops)
    allocated = [row for row in warehouse.rows(BORNE.format(day)) if row[3] != "held"]
    assert allocated == [
        ("USD", "Core", "CC-1", "allocated", 3 * each),
        ("USD", "Ops", "CC-2", "allocated", of_ops * each),
    ]
    assert warehouse.rows(
        "select distinct billing_currency from marts.fct_usage_cost_daily"
        " where pricing_status <> 'charged'"
    ) == [("EUR",)]


def test_share_of_who_has_no_line_that_day_stays_in_the_cost_center_of_that_day(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    day, after = next_day(), next_day(days=3)
    acme.add_event(day, project_id=an_id("Core's"))
    acme.add_event(after, project_id=an_id("Core's"))
    night(DAY)
    load_fees({"valid_from": str(day)}, weights="fixed", targets=[{"team": OPS, "weight": 1}])
    night(day)
    borne = [("USD", "Ops", "CC-2", "allocated", Decimal(1200))]
    assert warehouse.rows(BORNE.format(day)) == borne
    acme.execute(
        f"update public.teams set cost_center = 'CC-9', updated_at = '{at(after, 0)}'"
        f" where id = '{OPS}'"
    )
    night(after)
    night(day)
    assert warehouse.rows(BORNE.format(day)) == borne
