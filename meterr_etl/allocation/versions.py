"""Allocation rules as versioned reference data: loaded, listed, and as they stood."""

from __future__ import annotations

from typing import TypeAlias

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.ledger.tenant_files import Held, Loaded, TenantFiles
from meterr_etl.warehouse.connection import warehouse

Row = dict[str, object]
# A rule version is the reference version that brought the rules.
HeldRules: TypeAlias = Held[AllocationRules]
RULES = TenantFiles(
    AllocationRules,
    table="allocation_rules",
    column="rules",
    proposals="proposed_rules",
    kind="allocation",
)


def load_rules(found: AllocationRules) -> Loaded:
    """Make rules those of their tenant; published days since `changed_from` then need re-rating."""
    with warehouse("meterr_loader", application_name="meterr allocation load") as connection:
        return RULES.load(connection, found)


def list_rules() -> list[Row]:
    """Return every rule in force, one row per tenant and rule."""
    with warehouse("meterr_loader", application_name="meterr allocation list") as connection:
        held = RULES.as_of(connection, None)
    return [
        {
            "tenant_id": one.content.tenant_id,
            "rule_version": one.version,
            "method": one.content.method,
            "pool": rule.pool,
            "weights": rule.driver or rule.weights,
            "valid_from": rule.valid_from,
            "valid_to": rule.valid_to,
        }
        for one in held
        for rule in one.content.rules
    ]


def propose_rules(run_id: str, found: AllocationRules) -> None:
    """Let a what-if distribute by these rules in place of those of their tenant."""
    with warehouse("meterr_loader", application_name="meterr allocation preview") as connection:
        RULES.propose(connection, run_id, found)
