"""Records what a run saw of its source's dimensions, and which owners nobody knows yet."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.header import Source
from meterr_etl.steps.overtaken import date_list
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"
# Where the facts name an entity of the source; a team is named by a project or a user.
FACT_COLUMNS = {
    "organizations": "tenant_id",
    "teams": "team_id",
    "projects": "project_id",
    "users": "user_id",
    "api_keys": "api_key_id",
}


def record_dimensions(connection: Connection, run: Run, source: Source) -> None:
    """Append what the run saw of each dimension to the reference data."""
    for entity in source.entities:
        landing = run.tables.landing_entity(entity.name)
        if not _is_landed(connection, landing):
            continue
        connection.execute(
            statement(
                SQL_PACKAGE,
                "publish_dimension",
                source=sql.Literal(run.source),
                entity=sql.Literal(entity.name),
                run_id=sql.Literal(run.run_id),
                landing=landing,
                id_column=sql.Identifier(entity.id_column),
                tenant_column=sql.Identifier(entity.tenant_column),
                updated_column=sql.Identifier(entity.changed_column),
            )
        )


def record_unresolved_owners(
    connection: Connection, run: Run, source: Source, days: list[date]
) -> dict[str, int]:
    """Note the owners of these days that no dimension names; returns how many of each kind.

    Only for dimensions that the source has: what is never named can't arrive. What other sources
    wait for stays noted, since only their own runs can tell that it arrived.
    """
    connection.execute(
        sql.SQL(
            "delete from ops.unresolved_owners where source = {} and event_date in ({})"
        ).format(sql.Literal(run.source), date_list(days))
    )
    found = {}
    for entity in source.entities:
        fact_column = FACT_COLUMNS.get(entity.name)
        if fact_column and _is_landed(connection, run.tables.landing_entity(entity.name)):
            found[entity.name] = connection.execute(
                statement(
                    SQL_PACKAGE,
                    "unresolved_owners",
                    source=sql.Literal(run.source),
                    entity=sql.Literal(entity.name),
                    fact_column=sql.Identifier(fact_column),
                    facts=run.tables.candidate_table("fct_usage_by_owner_daily"),
                    dimension=run.tables.candidate_table(entity.name),
                    tenant_column=sql.Identifier(entity.tenant_column),
                )
            ).rowcount
    return {name: count for name, count in found.items() if count}


def _is_landed(connection: Connection, table: sql.Identifier) -> bool:
    row = connection.execute(
        "select to_regclass(%s) is not null", (table.as_string(connection),)
    ).fetchone()
    return bool(row and row[0])
