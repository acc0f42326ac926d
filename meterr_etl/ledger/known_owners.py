"""Tells a tenant or an owner that nobody has seen, so that a slip of the pen is no stranger's."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from meterr_etl.errors import InputError
from meterr_etl.reviewed_files import likely_names
from meterr_etl.warehouse.connection import Connection


def require_known_tenant(connection: Connection, tenant_id: str) -> None:
    """Refuse a file of a tenant that no event and no dimension names.

    Raises:
        InputError: nobody has seen the tenant.
    """
    require_known(tenant_id, _seen_tenants(connection), "The file names the tenant")


def tenant_doubt(connection: Connection, tenant_id: str) -> str | None:
    """Return why a file meets nothing yet, for a person; None where its tenant was seen.

    A new customer may be promised prices before the first event.
    """
    seen = _seen_tenants(connection)
    if tenant_id in seen:
        return None
    near = likely_names(tenant_id, seen)
    return (
        f"The file names the tenant '{tenant_id}', which no event and no dimension of the source"
        " has named so far: until one does, it applies to nothing."
        + (f" Did you mean {' or '.join(near)}?" if near else "")
    )


def require_known(name: str, known: AbstractSet[str], says: str) -> None:
    """Refuse an owner's name that is not among those known.

    Raises:
        InputError: it is not; `says` tells what names it.
    """
    if name in known:
        return
    near = likely_names(name, known)
    raise InputError(
        f"{says} '{name}', which no event and no dimension of the source knows.",
        remedy=f"Write {' or '.join(near)}."
        if near
        else "See marts.dim_tenant and marts.dim_team.",
    )


def _seen_tenants(connection: Connection) -> set[str]:
    rows = connection.execute(
        "select tenant_id from reference.source_dimensions"
        " union select tenant_id from staging.owners"
    ).fetchall()
    return {str(row[0]) for row in rows}
