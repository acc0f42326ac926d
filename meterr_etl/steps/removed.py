"""Finds published events that a repaired day's source holds no more."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.contract.verdict_sql import VerdictSql
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.batch import Batch
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement


def remove_missing(connection: Connection, run: Run, batch: Batch, verdict: VerdictSql) -> int:
    """Note the events of the run's day whose id did not land, as superseded; returns how many.

    An id that landed, be its row legal or dead, stays. A day of which the source holds no row at
    all is left alone: that is retention or a wrong address, not a deletion. So is an event that
    another run read after this one.
    """
    return connection.execute(
        statement(
            "meterr_etl.steps",
            "removed_events",
            superseded=run.tables.superseded,
            mapped=run.tables.mapped,
            event_key=verdict.event_key,
            source_id=sql.Literal(batch.source_id),
            read_at=sql.Literal(run.read_at),
            day=sql.Literal(str(run.window.days()[0])),
        )
    ).rowcount
