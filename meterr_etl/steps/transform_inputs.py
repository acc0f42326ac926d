"""Creates what dbt reads: the affected days' events and everything that they point to."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.contract.columns import canonical_columns
from meterr_etl.ledger.runs import Run
from meterr_etl.pricing.book import load_rate_book
from meterr_etl.pricing.resolve import create_sku_rate_keys
from meterr_etl.pricing.stale import unit_bases
from meterr_etl.pricing.units import PER_TOKEN
from meterr_etl.steps.batch import require_whole_batch
from meterr_etl.steps.transform_charges import create_charges
from meterr_etl.steps.transform_contracts import create_contracts
from meterr_etl.steps.transform_dimensions import create_dimensions
from meterr_etl.steps.transform_months import create_month_inputs
from meterr_etl.steps.transform_moves import create_moves
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def create_inputs(connection: Connection, run: Run, schema: str) -> dict[str, int]:
    """Create the relations that dbt knows as source `run`, in one transaction.

    Returns:
        How many days are affected, how many kinds of call they hold, how many owners' periods
        begin within them, how many contracts they are priced by, and how many parts of dated
        charges fall on them.

    Raises:
        ConflictError: the run staged nothing.
    """
    tables = run.tables
    require_whole_batch(connection, run)
    with connection.transaction():
        _recreate_schema(connection, schema)
        connection.execute(
            statement(
                SQL_PACKAGE,
                "transform_inputs",
                schema=sql.Identifier(schema),
                run_id=sql.Literal(run.run_id),
                published_days=sql.Literal(_published_days(connection, run)),
                columns=canonical_columns("e"),
                batch=tables.batch,
                is_standing=_is_standing(connection, tables.superseded),
                batch_owners=tables.owners,
                batch_skus=tables.skus,
                batch_tag_sets=tables.tag_sets,
                rates_version=sql.Literal(run.rates_version),
                unit_bases=unit_bases(),
                per_token=sql.Literal(sorted(PER_TOKEN)),
            )
        )
        create_dimensions(connection, run, schema)
        moved_owners = create_moves(connection, run, schema)
        book = load_rate_book(connection, run.reference_version, run.instead, run.rates_version)
        skus = create_sku_rate_keys(connection, schema, book)
        contracts = create_contracts(connection, run, schema)
        create_month_inputs(connection, run, schema)
        charges = create_charges(connection, run, schema)
    days = connection.execute(
        "select count(*) from ops.run_days where run_id = %s", (run.run_id,)
    ).fetchone()
    return {
        "affected_days": int(str(days[0])) if days else 0,
        "skus": skus,
        "moved_owner_periods": moved_owners,
        "contracts": contracts,
        "charge_parts": charges,
    }


def _recreate_schema(connection: Connection, schema: str) -> None:
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
    connection.execute(sql.SQL("create schema {}").format(name))


def _is_standing(connection: Connection, superseded: sql.Identifier) -> sql.Composable:
    """Return the condition that no revision of the run replaces event `e`."""
    is_any = sql.SQL("select exists (select from {})").format(superseded)
    if connection.execute(is_any).fetchone() == (False,):
        # To join every event to nothing takes a quarter of each pass over them.
        return sql.SQL("true")
    return sql.SQL(
        "not exists (select from {} as s where s.event_date = e.event_date"
        " and s.source_id = e.source_id and s.event_key = e.event_key)"
    ).format(superseded)


def _published_days(connection: Connection, run: Run) -> list[date]:
    rows = connection.execute(
        "select r.event_date from ops.run_days as r"
        " inner join ops.published_days as d on r.event_date = d.event_date"
        " where r.run_id = %s order by r.event_date",
        (run.run_id,),
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]
