"""Budgets as versioned reference data: a tenant's file replaces what it said before."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import dict_row

from meterr_etl.budgets.budget import Budget, TenantBudgets
from meterr_etl.ledger.changes import lock_changes, open_change
from meterr_etl.warehouse.connection import Connection, warehouse

Row = dict[str, object]


@dataclass(frozen=True)
class Loaded:
    """What loading a file came to; `reference_version` is None where nothing changed."""

    tenant_id: str
    reference_version: int | None
    added: int
    retired: int


def load_budgets(found: TenantBudgets) -> Loaded:
    """Make a tenant's budgets those of a file; what held and is not in it is retired."""
    with warehouse("meterr_loader", application_name="meterr budgets load") as connection:
        lock_changes(connection)
        held = {_as_budget(row) for row in _held(connection, found.tenant_id)}
        wanted = set(found.budgets)
        added, retired = wanted - held, held - wanted
        if not added and not retired:
            return Loaded(found.tenant_id, None, 0, 0)
        version = open_change(connection, "budgets", {"tenant_id": found.tenant_id})
        connection.execute(
            "update reference.budgets set retired_by = %s"
            " where tenant_id = %s and name = any (%s) and retired_by is null",
            (version, found.tenant_id, [budget.name for budget in retired]),
        )
        for budget in sorted(added, key=lambda one: one.name):
            _add(connection, found.tenant_id, budget, version)
    return Loaded(found.tenant_id, version, len(added), len(retired))


def list_budgets() -> list[Row]:
    """Return every budget in force."""
    with warehouse("meterr_loader", application_name="meterr budgets list") as connection:
        return _held(connection, None)


def _held(connection: Connection, tenant_id: str | None) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select tenant_id, name, scope, scope_id, first_month, last_month, amount, currency,"
            " warn_at_share from reference.budgets where retired_by is null"
            " and (%(tenant)s::text is null or tenant_id = %(tenant)s) order by tenant_id, name",
            {"tenant": tenant_id},
        ).fetchall()


def _as_budget(row: Row) -> Budget:
    fields = {name: value for name, value in row.items() if name != "tenant_id"}
    if row["scope"] == "tenant":
        fields["scope_id"] = None
    return Budget.model_validate(fields)


def _add(connection: Connection, tenant_id: str, budget: Budget, version: int) -> None:
    connection.execute(
        "insert into reference.budgets (tenant_id, name, scope, scope_id, first_month,"
        " last_month, amount, currency, warn_at_share, reference_version)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tenant_id, budget.name, budget.scope, budget.scope_id or tenant_id, budget.first_month,
            budget.last_month, budget.amount, budget.currency, budget.warn_at_share, version,
        ),
    )  # fmt: skip
