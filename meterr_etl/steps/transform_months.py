"""Gives dbt what is published of the months that a run settles, of the days that it does not build.

A snapshot: where another run publishes one of these days meanwhile, the publish builds anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from psycopg import sql

from meterr_etl.charges.charge import Charge
from meterr_etl.charges.versions import CHARGES
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.settlements import is_last_of_month, other_days_of_settled_months
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.rows import copy_rows
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def create_month_inputs(connection: Connection, run: Run, schema: str) -> None:
    """Create what terms with tiers used, and what commitments pay, on these days.

    Expects the tiers of the run's contracts to be there.
    """
    tables = ("volume_tiers", "published_volumes", "commitments", "published_usage")
    identifiers = {name: sql.Identifier(schema, name) for name in tables}
    other_days = sql.Literal(other_days_of_settled_months(connection, run))
    connection.execute(statement(SQL_PACKAGE, "transform_commitments", **identifiers))
    # As a list, since they are asked for on the connection that copies them.
    copy_rows(connection, identifiers["commitments"], list(_commitments(connection, run)))
    connection.execute(
        statement(SQL_PACKAGE, "transform_volumes", other_days=other_days, **identifiers)
    )


def create_published_pools(connection: Connection, run: Run, schema: str) -> None:
    """Create what pools took in, and of whom, on these days, where a rule is by month."""
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_month_pools",
            published_pools=sql.Identifier(schema, "published_pools"),
            pools=sql.Identifier(schema, "allocation_pools"),
            other_days=sql.Literal(other_days_of_settled_months(connection, run)),
        )
    )


def _commitments(connection: Connection, run: Run) -> Iterator[tuple[object, ...]]:
    affected = connection.execute(
        "select event_date from ops.run_days where run_id = %s order by 1", (run.run_id,)
    ).fetchall()
    settled = [row[0] for row in affected if isinstance(row[0], date) and is_last_of_month(row[0])]
    for held in CHARGES.of_run(connection, run.run_id, run.reference_version):
        for one in held.content.commitments:
            built = [day for day in settled if one.valid_from <= day < one.ends_before]
            if built:
                yield (
                    held.content.tenant_id, one.name, one.provider, one.currency, one.amount,
                    one.valid_from, one.ends_before,
                    _drawn_before(connection, held.content.tenant_id, one, built[0]),
                )  # fmt: skip


def _drawn_before(connection: Connection, tenant_id: str, one: Charge, day: date) -> object:
    query = statement(
        SQL_PACKAGE,
        "drawn_before",
        tenant_id=sql.Literal(tenant_id),
        provider=sql.Literal(one.provider),
        currency=sql.Literal(one.currency),
        amount=sql.Literal(one.amount),
        valid_from=sql.Literal(one.valid_from),
        month=sql.Literal(day.replace(day=1)),
    )
    row = connection.execute(query).fetchone()
    return row and row[0]
