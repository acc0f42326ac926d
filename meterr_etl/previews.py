"""Shows what a reviewed file would change of published days before it is loaded.

What is shown is of the days that are asked for. Built with them are the rest of the first month,
and the days since a commitment began that would cost something else, since both are settled there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import propose_rules
from meterr_etl.charges.charge import Charge, TenantCharges
from meterr_etl.charges.versions import CHARGES, propose_charges
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import CONTRACTS, propose_contract
from meterr_etl.ledger.runs import Trigger
from meterr_etl.ledger.tenant_files import Content, Held
from meterr_etl.repricing import Repricing, published_days, rebuilt
from meterr_etl.steps.rerate import allocation_changes, cost_changes
from meterr_etl.steps.stale_days import stale_days
from meterr_etl.warehouse.connection import warehouse


def preview_allocation(
    found: AllocationRules, first: date, last: date, *, trigger: Trigger
) -> Repricing:
    """Return what published days would be borne by under other rules, and leave nothing.

    One change per cost center, team, project and pool of the rules' tenant whose cost differs.

    Raises:
        InputError: nothing is published in these days.
    """
    return rebuilt(
        _days_to_build(found.tenant_id, first, last),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of allocation",
        propose=lambda run_id: propose_rules(run_id, found),
        compare=partial(allocation_changes, first=first, last=last),
    )


def preview_contract(found: Contract, first: date, last: date, *, trigger: Trigger) -> Repricing:
    """Return what published days would cost the contract's tenant under it, and leave nothing.

    Raises:
        InputError: nothing is published in these days, a term names what is in no rate, or no
            exchange rate into a currency holds.
    """
    return rebuilt(
        _days_to_build(found.tenant_id, first, last, changed_from=_changed_from(found)),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of a contract",
        propose=lambda run_id: propose_contract(run_id, found),
        compare=partial(cost_changes, first=first, last=last),
    )


def preview_charges(
    found: TenantCharges, first: date, last: date, *, trigger: Trigger
) -> Repricing:
    """Return what published days would cost the tenant with these charges, and leave nothing.

    Raises:
        InputError: nothing is published in these days, or a charge names an unknown owner.
    """
    return rebuilt(
        _days_to_build(found.tenant_id, first, last, commitments=found.commitments),
        "what_if",
        trigger=trigger,
        tenant_id=found.tenant_id,
        reason="preview of charges",
        propose=lambda run_id: propose_charges(run_id, found),
        compare=partial(cost_changes, first=first, last=last),
    )


def _days_to_build(
    tenant_id: str,
    first: date,
    last: date,
    *,
    commitments: Iterable[Charge] | None = None,
    changed_from: date = date.max,
) -> list[date]:
    month = first.replace(day=1)
    asked = published_days(month, last)
    with warehouse("meterr_publisher", application_name="meterr preview") as connection:
        if commitments is None:
            held = _of_tenant(CHARGES.as_of(connection, None), tenant_id)
            commitments = held.commitments if held else ()
        begun = [c.valid_from for c in commitments if c.valid_from < month < c.ends_before]
        if not begun:
            return asked
        stale = stale_days(connection, min(begun), month - timedelta(days=1), tenant_id).priced
    return [
        day
        for day in published_days(min(begun), last)
        if day >= min(month, changed_from) or day in stale
    ]


def _changed_from(found: Contract) -> date:
    with warehouse("meterr_publisher", application_name="meterr preview") as connection:
        former = _of_tenant(CONTRACTS.as_of(connection, None), found.tenant_id)
    return found.first_changed_day(former)


def _of_tenant(held: list[Held[Content]], tenant_id: str) -> Content | None:
    return next((one.content for one in held if one.content.tenant_id == tenant_id), None)
