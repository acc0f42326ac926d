"""Dates ownership: splits the owners that moved while the affected days went on (DESIGN §6)."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.contract.columns import EVENT_COLUMNS, OWNER_FIELDS
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"

# What moves: the field of each dimension that says to whom its member belongs.
EDGES = {
    "api_keys": "project_id",
    "projects": "team_id",
    "users": "team_id",
    "teams": "cost_center",
}


def create_moves(connection: Connection, run: Run, schema: str) -> int:
    """Create the dated moves, and events and owners as they belonged at the event's time.

    Expects `create_dimensions` in the same transaction. Returns how many owners' periods begin
    within the affected days; where it is none, events are read as they are stored.
    """
    start, end = _span(connection, run)
    names = {
        name: sql.Identifier(schema, name)
        for name in ("moves", "moved_owners", "known_owners", "stored_events")
    }
    edges = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(entity, edge) for entity, edge in EDGES.items()
    )
    connection.execute(statement(SQL_PACKAGE, "transform_moves", moves=names["moves"], edges=edges))
    connection.execute(
        statement(SQL_PACKAGE, "transform_moved_owners", **names, span_start=start, span_end=end)
    )
    row = connection.execute(
        sql.SQL("select count(*) from {}").format(names["moved_owners"])
    ).fetchone()
    moved = int(str(row[0])) if row else 0
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_dated",
            **names,
            owners=sql.Identifier(schema, "owners"),
            events=sql.Identifier(schema, "affected_events"),
            owner_fields=_listed("k", OWNER_FIELDS),
            event_columns=_event_columns(is_moved=moved > 0),
            periods=_periods(names["moved_owners"]) if moved else sql.SQL(""),
            span_start=start,
        )
    )
    return moved


def _span(connection: Connection, run: Run) -> tuple[sql.Composed, sql.Composed]:
    row = connection.execute(
        "select min(event_date), max(event_date) + 1 from ops.run_days where run_id = %s",
        (run.run_id,),
    ).fetchone()
    start, end = (str(day) for day in row) if row and row[0] else ("-infinity", "-infinity")
    # Midnight is UTC's, whatever the session's time zone.
    moment = sql.SQL("({}::timestamp at time zone 'UTC')")
    return moment.format(start), moment.format(end)


def _listed(alias: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def _event_columns(*, is_moved: bool) -> sql.Composed:
    charged = sql.SQL("coalesce(m.period_key, e.owner_key) as owner_key")
    return sql.SQL(", ").join(
        charged if is_moved and column.name == "owner_key" else sql.Identifier("e", column.name)
        for column in EVENT_COLUMNS
    )


def _periods(moved_owners: sql.Identifier) -> sql.Composed:
    return sql.SQL(
        "left join {} as m on e.owner_key = m.owner_key"
        " and e.event_at >= m.valid_from and e.event_at < m.valid_to"
    ).format(moved_owners)
