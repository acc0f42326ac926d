"""Notes which event dates a run changes, and the version of each that it builds on."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.sources.header import Source
from meterr_etl.steps.moved import days_of_late_moves
from meterr_etl.steps.settlements import record_settlement_days
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement


def record_affected_days(
    connection: Connection, run: Run, source: Source, read_days: list[date]
) -> dict[str, str]:
    """Write the run's affected days to the ledger; returns each with its cause."""
    connection.execute(
        statement(
            "meterr_etl.steps",
            "affected_days",
            run_id=sql.Literal(run.run_id),
            # Dead letters lie scattered over the days of their windows.
            window_days=sql.Literal([] if run.kind == "replay" else run.window.days()),
            read_days=sql.Literal(read_days),
            owner_days=sql.Literal(_days_of_arrived_owners(connection, run, source)),
            moved_days=sql.Literal(days_of_late_moves(connection, run, source)),
            batch=run.tables.batch,
            superseded=run.tables.superseded,
        )
    )
    record_settlement_days(connection, run)
    rows = connection.execute(
        "select event_date, cause from ops.run_days where run_id = %s order by event_date",
        (run.run_id,),
    ).fetchall()
    return {str(day): str(cause) for day, cause in rows}


def _days_of_arrived_owners(connection: Connection, run: Run, source: Source) -> list[date]:
    days: set[date] = set()
    for entity in source.entities:
        table = run.tables.landing_entity(entity.name)
        exists = connection.execute(
            "select to_regclass(%s) is not null", (table.as_string(connection),)
        ).fetchone()
        if not (exists and exists[0]):
            continue
        rows = connection.execute(
            sql.SQL(
                "select distinct u.event_date from ops.unresolved_owners as u"
                " inner join {} as e on e.{} = u.entity_id and e.{} = u.tenant_id"
                " where u.source = %s and u.entity = %s"
            ).format(table, sql.Identifier(entity.id_column), sql.Identifier(entity.tenant_column)),
            (run.source, entity.name),
        ).fetchall()
        days.update(row[0] for row in rows if isinstance(row[0], date))
    return sorted(days)
