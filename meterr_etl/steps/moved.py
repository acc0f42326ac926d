"""Finds the published days whose owners, as a run now sees them, had moved before."""

from __future__ import annotations

from datetime import UTC, date, datetime

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.header import Entity, Source
from meterr_etl.steps.transform_moves import EDGES
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def days_of_late_moves(connection: Connection, run: Run, source: Source) -> list[date]:
    """Return the published days that a move touches which no publish has seen yet.

    A move is seen late where a person corrects the past: usually it is of the night's own day,
    and no published day is touched. Every day of the tenant since then counts.
    """
    found: set[date] = set()
    for entity in source.entities:
        if entity.name in EDGES and _is_landed(connection, run, entity):
            for tenant_id, moved_at in _late_moves(connection, run, entity):
                found.update(_days_since(connection, tenant_id, moved_at))
    return sorted(found)


def _is_landed(connection: Connection, run: Run, entity: Entity) -> bool:
    table = run.tables.landing_entity(entity.name).as_string(connection)
    return connection.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (True,)


def _late_moves(
    connection: Connection, run: Run, entity: Entity
) -> list[tuple[str, datetime | None]]:
    rows = connection.execute(
        sql.SQL("select tenant_id, nullif(moved_at, '-infinity') from ({}) as moved").format(
            statement(
                SQL_PACKAGE,
                "late_moves",
                landing=run.tables.landing_entity(entity.name),
                source=sql.Literal(run.source),
                entity=sql.Literal(entity.name),
                edge=sql.Literal(EDGES[entity.name]),
                id_column=sql.Identifier(entity.id_column),
                tenant_column=sql.Identifier(entity.tenant_column),
                changed_column=sql.Identifier(entity.changed_column),
            )
        )
    ).fetchall()
    return [(str(tenant), at if isinstance(at, datetime) else None) for tenant, at in rows]


def _days_since(connection: Connection, tenant_id: str, moved_at: datetime | None) -> list[date]:
    since = moved_at.astimezone(UTC).date() if moved_at else date.min
    rows = connection.execute(
        "select event_date from ops.published_days where event_date >= %s order by 1", (since,)
    ).fetchall()
    published = [row[0] for row in rows if isinstance(row[0], date)]
    if not published:
        return []
    # As literals, so that only these days' partitions are planned. A charge without events moves
    # with its owner too.
    rows = connection.execute(
        sql.SQL(
            "select e.event_date from staging.token_events as e"
            " inner join staging.owners as o on e.owner_key = o.owner_key"
            " where e.event_date = any ({days}::date[]) and o.tenant_id = {tenant}"
            " union select u.charge_date from marts.usage_by_tenant_daily as u"
            " where u.charge_date = any ({days}::date[]) and u.tenant_id = {tenant}"
        ).format(days=sql.Literal(published), tenant=sql.Literal(tenant_id))
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]
