"""Dated charges as versioned reference data: loaded, listed and tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meterr_etl.charges.charge import Charge, TenantCharges
from meterr_etl.ledger.known_owners import require_known, require_known_tenant
from meterr_etl.ledger.tenant_files import Loaded, TenantFiles
from meterr_etl.pricing.known_names import provider_names
from meterr_etl.warehouse.connection import Connection, warehouse

Row = dict[str, object]
CHARGES = TenantFiles(
    TenantCharges,
    table="charges",
    column="charges",
    proposals="proposed_charges",
    kind="charges",
)
# Who a charge may name, by what the source's dimensions and the events say of a tenant.
KNOWN_OWNERS = {
    "team": "select entity_id from reference.source_dimensions"
    " where entity = 'teams' and tenant_id = %(tenant)s",
    "project": "select entity_id from reference.source_dimensions"
    " where entity = 'projects' and tenant_id = %(tenant)s"
    " union select project_id from staging.owners"
    " where tenant_id = %(tenant)s and project_id is not null",
    "cost_center": "select content ->> 'cost_center' from reference.source_dimensions"
    " where entity = 'teams' and tenant_id = %(tenant)s and content ->> 'cost_center' <> ''",
}


def load_charges(found: TenantCharges) -> Loaded:
    """Make charges those of their tenant; published days since `changed_from` need re-rating.

    Raises:
        InputError: nobody has seen the tenant, an owner that a charge names, or the provider whose
            usage a commitment pays.
    """
    with warehouse("meterr_loader", application_name="meterr charges load") as connection:
        doubts = doubts_of(connection, found)
        return replace(CHARGES.load(connection, found), doubts=doubts)


def list_charges() -> list[Row]:
    """Return every charge in force."""
    with warehouse("meterr_loader", application_name="meterr charges list") as connection:
        held = CHARGES.as_of(connection, None)
    return [
        {"tenant_id": one.content.tenant_id, "charge_version": one.version, **_row(charge)}
        for one in held
        for charge in one.content.charges
    ]


def propose_charges(run_id: str, found: TenantCharges) -> None:
    """Let a what-if take these charges in place of those of their tenant.

    Raises:
        InputError: nobody has seen the tenant, an owner that a charge names, or the provider whose
            usage a commitment pays.
    """
    with warehouse("meterr_loader", application_name="meterr charges preview") as connection:
        doubts_of(connection, found)
        CHARGES.propose(connection, run_id, found)


def doubts_of_charges(found: TenantCharges) -> tuple[str, ...]:
    """Return, in sentences, which commitments may pay nobody's usage.

    Raises:
        InputError: nobody has seen the tenant, an owner that a charge names, or the provider whose
            usage a commitment pays.
    """
    with warehouse("meterr_loader", application_name="meterr charges check") as connection:
        return doubts_of(connection, found)


def doubts_of(connection: Connection, found: TenantCharges) -> tuple[str, ...]:
    """Refuse charges to whom nobody has seen; return what the rest leaves to doubt.

    Only a commitment's provider must be one of usage: what is committed to another is lost whole.
    """
    require_known_tenant(connection, found.tenant_id)
    for owner, query in KNOWN_OWNERS.items():
        named = {charge.name: getattr(charge, owner) for charge in found.charges}
        known = _names(connection, query, found.tenant_id) if any(named.values()) else set()
        for charge, name in named.items():
            if name is not None:
                require_known(name, known, f"The charge '{charge}' names the {owner}")
    if not found.commitments:
        return ()
    providers = provider_names(connection)
    doubts = (
        providers.doubt(charge.provider, f"The commitment '{charge.name}'")
        for charge in found.commitments
    )
    return (*(doubt for doubt in doubts if doubt), *_foreign_bills(connection, found))


def _foreign_bills(connection: Connection, found: TenantCharges) -> Iterator[str]:
    # Usage is drawn in the currency that it is billed in, as it is nobody's to guess at which day's
    # exchange rate a commitment of months would pay.
    for charge in found.commitments:
        for currency, first, last in connection.execute(
            "select b.currency, greatest(b.valid_from, %(first)s), least(b.valid_to, %(end)s) - 1"
            " from reference.contracts as c cross join jsonb_to_recordset(c.terms -> 'billed_in')"
            " as b (currency text, valid_from date, valid_to date)"
            " where c.retired_by is null and c.tenant_id = %(tenant)s and b.currency <> %(own)s"
            " and b.valid_from < %(end)s and coalesce(b.valid_to > %(first)s, true) order by 2",
            {
                "tenant": found.tenant_id, "own": charge.currency,
                "first": charge.valid_from, "end": charge.ends_before,
            },
        ).fetchall():  # fmt: skip
            yield (
                f"The commitment '{charge.name}' is in {charge.currency}, and {found.tenant_id}'s "
                f"contract bills in {currency} from {first} to {last}: the usage of these days "
                "draws nothing of it, and what nothing draws is lost. "
                f"Commit in {currency}, or bill these days in {charge.currency}."
            )


def _names(connection: Connection, query: str, tenant_id: str) -> set[str]:
    rows = connection.execute(query, {"tenant": tenant_id}).fetchall()
    return {str(row[0]) for row in rows}


def _row(charge: Charge) -> Row:
    nobody = "who uses it" if charge.kind == "commitment" else "nobody, until a pool takes it in"
    return {
        "charge": charge.name,
        "kind": charge.kind,
        "provider": charge.provider,
        "amount": f"{charge.amount:f} {charge.currency}",
        "valid_from": charge.valid_from,
        "valid_to": charge.ends_before,
        "billed_on": charge.billed_at,
        "charged_to": charge.team or charge.project or charge.cost_center or nobody,
    }
