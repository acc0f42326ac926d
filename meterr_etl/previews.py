"""Shows what a reviewed file would change of published days before it is loaded."""

from __future__ import annotations

from datetime import date

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import propose_rules
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import propose_charges
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import propose_contract
from meterr_etl.ledger.runs import Trigger
from meterr_etl.repricing import Repricing, published_days, rebuilt
from meterr_etl.steps.rerate import allocation_changes


def preview_allocation(
    found: AllocationRules, first: date, last: date, *, trigger: Trigger
) -> Repricing:
    """Return what published days would be borne by under other rules, and leave nothing.

    One change per cost center, team, project and pool of the rules' tenant whose cost differs.

    Raises:
        InputError: nothing is published in these days.
    """
    return rebuilt(
        published_days(first, last),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of allocation",
        propose=lambda run_id: propose_rules(run_id, found),
        compare=allocation_changes,
    )


def preview_contract(found: Contract, first: date, last: date, *, trigger: Trigger) -> Repricing:
    """Return what published days would cost the contract's tenant under it, and leave nothing.

    Raises:
        InputError: nothing is published in these days, a term names what is in no rate, or no
            exchange rate into a currency holds.
    """
    return rebuilt(
        published_days(first, last),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of a contract",
        propose=lambda run_id: propose_contract(run_id, found),
    )


def preview_charges(
    found: TenantCharges, first: date, last: date, *, trigger: Trigger
) -> Repricing:
    """Return what published days would cost the tenant with these charges, and leave nothing.

    Raises:
        InputError: nothing is published in these days, or a charge names an unknown owner.
    """
    return rebuilt(
        published_days(first, last),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of charges",
        propose=lambda run_id: propose_charges(run_id, found),
    )
