"""Gives each affected day its partition before the publish, hidden until a row says otherwise.

An attach is no part of a reader's snapshot, so it comes in a transaction of its own; what readers
see changes with the row of `ops.published_days` alone (DESIGN §3).
"""

from __future__ import annotations

import logging
from datetime import date

import psycopg
from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.names import DAY_CHECK, event_partition

logger = logging.getLogger(__name__)

# Long enough for a passing lock, short enough that nobody queues behind us.
ATTACH_LOCK_TIMEOUT = "1s"


def attach_days(connection: Connection, run: Run, days: list[date]) -> dict[str, str]:
    """Make sure that every day has a partition; returns how each came to one.

    The connection must be in autocommit mode: each day is one short transaction.
    """
    return {str(day): _attach_day(connection, run, day) for day in days}


def _attach_day(connection: Connection, run: Run, day: date) -> str:
    if _exists(connection, event_partition(day)):
        return "stands"
    part = run.tables.batch_day(day)
    if _exists(connection, part):
        try:
            with connection.transaction():
                _detach_from_batch(connection, run, part)
                connection.execute(
                    sql.SQL("alter table {} rename to {}").format(
                        part, sql.Identifier(f"token_events_{day:%Y%m%d}")
                    )
                )
                _attach(connection, day)
            return "attached"  # noqa: TRY300 - the transaction's end belongs to the try
        except (psycopg.errors.LockNotAvailable, psycopg.errors.ObjectInUse) as error:
            logger.info("publish: %s is filled by insert: %s", day, error)
    with connection.transaction():
        connection.execute(
            sql.SQL("create table {} (like staging.token_events)").format(event_partition(day))
        )
        connection.execute(
            sql.SQL("create unique index on {} (event_key, source_id, event_date)").format(
                event_partition(day)
            )
        )
        connection.execute(
            sql.SQL("alter table {} add constraint {} check (event_date = {}::date)").format(
                event_partition(day), sql.Identifier(DAY_CHECK), sql.Literal(str(day))
            )
        )
        _attach(connection, day)
    return "created"


def _detach_from_batch(connection: Connection, run: Run, part: sql.Identifier) -> None:
    connection.execute(
        sql.SQL("set local lock_timeout = {}").format(sql.Literal(ATTACH_LOCK_TIMEOUT))
    )
    connection.execute(sql.SQL("alter table {} detach partition {}").format(run.tables.batch, part))


def _attach(connection: Connection, day: date) -> None:
    partition, bound = event_partition(day), sql.Literal(str(day))
    connection.execute(sql.SQL("alter table {} owner to meterr_loader").format(partition))
    connection.execute(sql.SQL("alter table {} enable row level security").format(partition))
    # Default privileges may have granted it: nobody reads a partition but through the parent.
    connection.execute(
        sql.SQL(
            "revoke all on {} from public, meterr_analyst, meterr_auditor, meterr_transformer"
        ).format(partition)
    )
    connection.execute(
        sql.SQL("alter table staging.token_events attach partition {} for values in ({})").format(
            partition, bound
        )
    )


def _exists(connection: Connection, table: sql.Identifier) -> bool:
    row = connection.execute(
        "select to_regclass(%s) is not null", (table.as_string(connection),)
    ).fetchone()
    return bool(row and row[0])
