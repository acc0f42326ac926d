"""Allocation rules as versioned reference data: loaded, listed, and as they stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.ledger.changes import open_change
from meterr_etl.warehouse.connection import Connection, warehouse

Row = dict[str, object]


@dataclass(frozen=True)
class HeldRules:
    """One tenant's rules and the reference version that brought them: the rule version."""

    rules: AllocationRules
    version: int


@dataclass(frozen=True)
class Loaded:
    """What loading a file came to; `reference_version` is None where nothing changed."""

    tenant_id: str
    reference_version: int | None
    changed_from: date | None


def load_rules(found: AllocationRules) -> Loaded:
    """Make rules those of their tenant; published days since `changed_from` then need re-rating.

    Append-only: what held until now is retired, not edited.
    """
    with warehouse("meterr_loader", application_name="meterr allocation load") as connection:
        row = connection.execute(
            "select rules from reference.allocation_rules"
            " where tenant_id = %s and retired_by is null",
            (found.tenant_id,),
        ).fetchone()
        former = AllocationRules.model_validate(row[0]) if row else None
        if former == found:
            return Loaded(found.tenant_id, None, None)
        changed_from = first_changed_day(former, found)
        detail = {"tenant_id": found.tenant_id, "changed_from": str(changed_from)}
        version = open_change(connection, "allocation", detail)
        connection.execute(
            "update reference.allocation_rules set retired_by = %s"
            " where tenant_id = %s and retired_by is null",
            (version, found.tenant_id),
        )
        connection.execute(
            "insert into reference.allocation_rules"
            " (tenant_id, rules, changed_from, reference_version) values (%s, %s, %s, %s)",
            (found.tenant_id, Jsonb(_as_json(found)), changed_from, version),
        )
    return Loaded(found.tenant_id, version, changed_from)


def list_rules() -> list[Row]:
    """Return every rule in force, one row per tenant and rule."""
    with warehouse("meterr_loader", application_name="meterr allocation list") as connection:
        held = rules_as_of(connection, None)
    return [
        {
            "tenant_id": one.rules.tenant_id,
            "rule_version": one.version,
            "method": one.rules.method,
            "pool": rule.pool,
            "weights": rule.driver or rule.weights,
            "valid_from": rule.valid_from,
            "valid_to": rule.valid_to,
        }
        for one in held
        for rule in one.rules.rules
    ]


def rules_as_of(connection: Connection, reference_version: int | None) -> list[HeldRules]:
    """Return the rules of every tenant as they stood at a reference version; None is now."""
    rows = connection.execute(
        "select rules, reference_version from reference.allocation_rules"
        " where (%(as_of)s::bigint is null or reference_version <= %(as_of)s)"
        " and (retired_by is null or retired_by > %(as_of)s) order by tenant_id",
        {"as_of": reference_version},
    ).fetchall()
    return [
        HeldRules(AllocationRules.model_validate(rules), int(str(version)))
        for rules, version in rows
    ]


def propose_rules(run_id: str, found: AllocationRules) -> None:
    """Let a what-if distribute by these rules in place of those of their tenant."""
    with warehouse("meterr_loader", application_name="meterr allocation preview") as connection:
        connection.execute(
            "insert into ops.proposed_rules (run_id, rules) values (%s, %s)",
            (run_id, Jsonb(_as_json(found))),
        )


def rules_of_run(connection: Connection, run_id: str, reference_version: int) -> list[HeldRules]:
    """Return the rules by which a run distributes: those in force, and those that it tries."""
    held = rules_as_of(connection, reference_version)
    row = connection.execute(
        "select rules from ops.proposed_rules where run_id = %s", (run_id,)
    ).fetchone()
    if row is None:
        return held
    proposed = HeldRules(AllocationRules.model_validate(row[0]), reference_version)
    others = [one for one in held if one.rules.tenant_id != proposed.rules.tenant_id]
    return [*others, proposed]


def days_to_redistribute(
    connection: Connection, first: date, last: date, tenant_id: str | None = None
) -> list[date]:
    """Return the published days whose rules have changed since they were published."""
    rows = connection.execute(
        "select d.event_date from ops.published_days as d"
        " where d.event_date between %(first)s and %(last)s and exists ("
        " select from reference.allocation_rules as r"
        " where r.reference_version > d.reference_version and r.changed_from <= d.event_date"
        " and (%(tenant)s::text is null or r.tenant_id = %(tenant)s)) order by 1",
        {"first": first, "last": last, "tenant": tenant_id},
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def first_changed_day(former: AllocationRules | None, found: AllocationRules) -> date:
    """Return the first day that the new rules may distribute otherwise than the former did."""
    if former is None:
        return found.first_day
    if (former.method, former.pools) != (found.method, found.pools):
        return min(former.first_day, found.first_day)
    changed = [
        rule
        for rule in (*former.rules, *found.rules)
        if (rule in former.rules) != (rule in found.rules)
    ]
    return min((rule.valid_from for rule in changed), default=found.first_day)


def _as_json(found: AllocationRules) -> Mapping[str, Any]:
    return found.model_dump(mode="json", exclude_unset=True)
