"""Creates what dbt reads: the affected days' events and everything that they point to."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.contract.columns import EVENT_COLUMNS, OWNER_FIELDS, SKU_FIELDS
from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.pricing.resolve import create_sku_rate_keys
from meterr_etl.sources.registry import load_source
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import column_list, statement

SQL_PACKAGE = "meterr_etl.steps"

# What the marts read of each dimension besides its id and its organization.
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "organizations": ("name", "billing_currency"),
    "teams": ("name", "cost_center"),
    "projects": ("team_id", "name"),
    "users": ("team_id", "email"),
    "api_keys": ("project_id", "user_id", "name", "key_hint"),
}


def create_inputs(connection: Connection, run: Run, schema: str) -> dict[str, int]:
    """Create the relations that dbt knows as source `run`, in one transaction.

    Returns:
        How many days are affected, and how many kinds of call they hold.

    Raises:
        ConflictError: the run staged nothing.
    """
    tables = run.tables
    _require_batch(connection, run)
    with connection.transaction():
        _recreate_schema(connection, schema)
        connection.execute(
            statement(
                SQL_PACKAGE,
                "transform_inputs",
                schema=sql.Identifier(schema),
                run_id=sql.Literal(run.run_id),
                event_columns=column_list(EVENT_COLUMNS, alias="e"),
                published_days=sql.Literal(_published_days(connection, run)),
                batch=tables.batch,
                superseded=tables.superseded,
                owner_columns=column_list(("owner_key", *OWNER_FIELDS), alias="m"),
                batch_owners=tables.owners,
                sku_columns=column_list(("sku_key", *SKU_FIELDS), alias="m"),
                batch_skus=tables.skus,
            )
        )
        for entity, columns in DIMENSIONS.items():
            _create_dimension(connection, run, schema, entity, columns)
        skus = create_sku_rate_keys(connection, schema)
    days = connection.execute(
        "select count(*) from ops.run_days where run_id = %s", (run.run_id,)
    ).fetchone()
    return {"affected_days": int(str(days[0])) if days else 0, "skus": skus}


def _recreate_schema(connection: Connection, schema: str) -> None:
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
    connection.execute(sql.SQL("create schema {}").format(name))


def _published_days(connection: Connection, run: Run) -> list[date]:
    rows = connection.execute(
        "select r.event_date from ops.run_days as r"
        " inner join ops.published_days as d on r.event_date = d.event_date"
        " where r.run_id = %s order by r.event_date",
        (run.run_id,),
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def _create_dimension(
    connection: Connection, run: Run, schema: str, entity: str, columns: tuple[str, ...]
) -> None:
    read = [sql.SQL("l.entity_id as id")]
    if entity != "organizations":
        read.append(sql.SQL("l.tenant_id as organization_id"))
    content = [
        sql.SQL("l.content ->> {} as {}").format(sql.Literal(name), sql.Identifier(name))
        for name in columns
    ]
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_dimension",
            dimension=sql.Identifier(schema, entity),
            entity=sql.Literal(entity),
            landed=_landed(connection, run, entity),
            columns=sql.SQL(", ").join([*read, *content]),
        )
    )


def _landed(connection: Connection, run: Run, entity: str) -> sql.Composable:
    """Return what this run landed of a dimension; a source may know none."""
    table = run.tables.landing_entity(entity)
    known = {known.name: known for known in load_source(run.source).entities}
    if entity not in known or not _exists(connection, table):
        return sql.SQL("")
    header = known[entity]
    return statement(
        SQL_PACKAGE,
        "transform_landed_dimension",
        source=sql.Literal(run.source),
        id_column=sql.Identifier(header.id_column),
        tenant_column=sql.Identifier(header.tenant_column),
        changed_column=sql.Identifier(header.changed_column),
        landing=table,
    )


def _require_batch(connection: Connection, run: Run) -> None:
    if not _exists(connection, run.tables.batch):
        raise ConflictError(
            f"Run {run.run_id} has no batch.",
            remedy="Run `stage` first: a run whose tables were swept starts again at `extract`.",
        )


def _exists(connection: Connection, table: sql.Identifier) -> bool:
    row = connection.execute("select to_regclass(%s)", (table.as_string(connection),)).fetchone()
    return bool(row and row[0])
