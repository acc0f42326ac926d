"""Gives dbt what of each tenant's dated charges falls on the affected days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from psycopg import sql

from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import CHARGES
from meterr_etl.ledger.runs import Run
from meterr_etl.ledger.tenant_files import Held
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.rows import copy_rows
from meterr_etl.warehouse.statements import statement


def create_charges(connection: Connection, run: Run, schema: str) -> int:
    """Create the parts of charges that the run's days bear; returns how many there are."""
    table = sql.Identifier(schema, "charge_parts")
    connection.execute(statement("meterr_etl.steps", "transform_charges", charge_parts=table))
    held = CHARGES.of_run(connection, run.run_id, run.reference_version)
    parts = list(_parts(held, _affected_days(connection, run)))
    copy_rows(connection, table, parts)
    return len(parts)


def _parts(
    held: Iterable[Held[TenantCharges]], days: Iterable[date]
) -> Iterator[tuple[object, ...]]:
    for day in days:
        for one in held:
            for charge in one.content.charges:
                part = charge.part_of(day)
                if part is not None:
                    yield (
                        day, one.content.tenant_id, charge.name, charge.kind, charge.provider,
                        charge.team, charge.project, charge.cost_center,
                        part.used, part.billed, charge.currency,
                    )  # fmt: skip


def _affected_days(connection: Connection, run: Run) -> list[date]:
    rows = connection.execute(
        "select event_date from ops.run_days where run_id = %s order by 1", (run.run_id,)
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]
