"""What a month decides is settled on its last day: when is that day to be built, and from what.

What the tiers of a contract make of a month's volume is price lines of its last day; what a pool by
month holds is borne on its last day. Whatever changes a day of the month changes these, and so
affects the last day too.
"""

from __future__ import annotations

from datetime import date, timedelta

from psycopg import sql

from meterr_etl.allocation.rules import Rule
from meterr_etl.allocation.versions import RULES
from meterr_etl.contract_rates.terms import Term
from meterr_etl.contract_rates.versions import CONTRACTS
from meterr_etl.ledger.changes import latest_version
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement
from meterr_etl.window import every_day_of_month

SQL_PACKAGE = "meterr_etl.steps"


def record_settlement_days(connection: Connection, run: Run) -> None:
    """Add to a run's affected days the published last days of the months that it changes."""
    connection.execute(
        "insert into ops.run_days (run_id, event_date, base_version, cause)"
        " select %s, d.event_date, d.version, 'month' from ops.published_days as d"
        " where d.event_date = any (%s)",
        (run.run_id, missing_settlement_days(connection, run)),
    )


def missing_settlement_days(connection: Connection, run: Run) -> list[date]:
    """Return the published last days that the run should build anew, and does not."""
    return _settled_days(connection, run, "settlement_days")


def overtaken_settlements(connection: Connection, run: Run) -> list[date]:
    """Return the last days of the run whose months another run has moved since this one looked."""
    return _settled_days(connection, run, "overtaken_settlements")


def create_published_volumes(connection: Connection, run: Run, schema: str) -> None:
    """Create what other days of the months that the run settles used by terms with tiers."""
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_volumes",
            published_volumes=sql.Identifier(schema, "published_volumes"),
            volume_tiers=sql.Identifier(schema, "volume_tiers"),
            other_days=sql.Literal(_other_days(connection, run)),
        )
    )


def create_published_pools(connection: Connection, run: Run, schema: str) -> None:
    """Create what other days of the months that the run settles hold in pools, and of whom."""
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_month_pools",
            published_pools=sql.Identifier(schema, "published_pools"),
            pools=sql.Identifier(schema, "allocation_pools"),
            other_days=sql.Literal(_other_days(connection, run)),
        )
    )


def _other_days(connection: Connection, run: Run) -> list[date]:
    rows = connection.execute(
        "select event_date from ops.run_days where run_id = %s", (run.run_id,)
    ).fetchall()
    affected = {row[0] for row in rows if isinstance(row[0], date)}
    settled = {day.replace(day=1) for day in affected if (day + timedelta(days=1)).day == 1}
    return sorted({day for month in settled for day in every_day_of_month(month)} - affected)


def _settled_days(connection: Connection, run: Run, query: str) -> list[date]:
    held = _settled_by_month(connection, run)
    if not held:
        return []
    rows = connection.execute(
        statement(SQL_PACKAGE, query, run_id=sql.Literal(run.run_id))
    ).fetchall()
    # Whatever holds on some day of the month is settled in it.
    return [
        last
        for last in (row[0] for row in rows if isinstance(row[0], date))
        if any(
            one.valid_from <= last and (one.valid_to or date.max) > last.replace(day=1)
            for one in held
        )
    ]


def _settled_by_month(connection: Connection, run: Run) -> list[Term | Rule]:
    version = latest_version(connection)
    contracts = CONTRACTS.of_run(connection, run.run_id, version)
    rules = RULES.of_run(connection, run.run_id, version)
    return [
        *(term for one in contracts for term in one.content.terms if term.tiers),
        *(rule for one in rules for rule in one.content.rules if rule.period == "month"),
    ]
