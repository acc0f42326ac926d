"""Creates the source's dimensions as they stand now: what a team and a project are called."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.registry import load_source
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"

# What the marts read of each dimension besides its id and its organization.
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "organizations": ("name", "billing_currency"),
    "teams": ("name", "cost_center"),
    "projects": ("team_id", "name"),
    "users": ("team_id", "email"),
    "api_keys": ("project_id", "user_id", "name", "key_hint"),
}


def create_dimensions(connection: Connection, run: Run, schema: str) -> None:
    """Create one table per dimension in the schema, one row per organization and id.

    Expects a transaction of meterr_transformer.
    """
    _gather_landed(connection, run)
    for entity, columns in DIMENSIONS.items():
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
                columns=sql.SQL(", ").join([*read, *content]),
            )
        )


def _gather_landed(connection: Connection, run: Run) -> None:
    # Only the loader reads landing; what it hands over lives as long as this transaction.
    connection.execute("set local role meterr_loader")
    connection.execute(statement(SQL_PACKAGE, "transform_landed_dimensions"))
    for entity in load_source(run.source).entities:
        landing = run.tables.landing_entity(entity.name)
        # A source need not have the table, and a run that was swept has none any more.
        row = connection.execute(
            "select to_regclass(%s)", (landing.as_string(connection),)
        ).fetchone()
        if row and row[0]:
            connection.execute(
                statement(
                    SQL_PACKAGE,
                    "transform_landed_dimension",
                    entity=sql.Literal(entity.name),
                    source=sql.Literal(run.source),
                    id_column=sql.Identifier(entity.id_column),
                    tenant_column=sql.Identifier(entity.tenant_column),
                    changed_column=sql.Identifier(entity.changed_column),
                    landing=landing,
                )
            )
    connection.execute("set local role meterr_transformer")
