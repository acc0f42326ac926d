"""The run's batch: a private partitioned table whose days may become published partitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from meterr_etl.contract.columns import EVENT_COLUMNS
from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.names import RunTables
from meterr_etl.warehouse.statements import column_list

# Past this a window is an import of history: its days are filled by insert, not by attach.
MAX_OWN_DAYS = 40


@dataclass(frozen=True)
class Batch:
    """Where a run stages its rows."""

    table: sql.Identifier
    parts: tuple[sql.Identifier, ...]
    source_id: int

    def content_of(self, alias: str) -> sql.Composed:
        """Return what makes two rows of one id the same content, under a table's alias."""
        names = tuple(column.name for column in EVENT_COLUMNS if column.name != "run_no")
        return column_list(names, alias=alias)


def create_batch(connection: Connection, run: Run) -> Batch:
    """Create the run's empty batch and the tables of its new members."""
    tables = run.tables
    connection.execute(
        sql.SQL(
            "create table {} (like staging.token_events) partition by list (event_date)"
        ).format(tables.batch)
    )
    days = run.window.days()
    own = days if len(days) <= MAX_OWN_DAYS else []
    for day in own:
        _create_part(connection, tables, tables.batch_day(day), day)
    _create_part(connection, tables, tables.batch_other, None)
    connection.execute(
        sql.SQL(
            "create table {} (event_date date not null, source_id smallint not null,"
            " event_key uuid not null, primary key (event_key, source_id, event_date))"
        ).format(tables.superseded)
    )
    parts = (*(tables.batch_day(day) for day in own), tables.batch_other)
    return Batch(tables.batch, parts, _source_id(connection, run.source))


def index_batch(connection: Connection, run: Run, batch: Batch) -> None:
    """Build each part's unique index and its statistics, as the published events have them."""
    del run
    for part in batch.parts:
        connection.execute(
            sql.SQL("create unique index on {} (event_key, source_id, event_date)").format(part)
        )
        connection.execute(sql.SQL("analyze {}").format(part))


def require_whole_batch(connection: Connection, run: Run) -> None:
    """Refuse a batch that is gone, or that lost rows since it was staged.

    A publish that was cut off may have attached a day, which takes it out of the batch; marts
    built of the rest would lack that day.

    Raises:
        ConflictError: the batch does not hold what the run's verdicts say.
    """
    table = run.tables.batch.as_string(connection)
    row = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    staged: object = None
    if row and row[0]:
        found = connection.execute(
            sql.SQL("select count(*) from {}").format(run.tables.batch)
        ).fetchone()
        staged = found[0] if found else None
    judged = connection.execute(
        "select coalesce(sum(row_count), 0)::bigint from ops.run_verdicts"
        " where run_id = %s and verdict in ('new', 'revision')",
        (run.run_id,),
    ).fetchone()
    if judged is None or staged != judged[0]:
        raise ConflictError(
            f"Run {run.run_id} has no whole batch: {staged} rows of {judged and judged[0]} staged.",
            remedy="Go on from `stage`, or from `extract` if its tables were swept.",
        )


def _create_part(
    connection: Connection, tables: RunTables, part: sql.Identifier, day: date | None
) -> None:
    bound = (
        sql.SQL("default")
        if day is None
        else sql.SQL("for values in ({})").format(sql.Literal(day))
    )
    connection.execute(
        sql.SQL("create table {} partition of {} {}").format(part, tables.batch, bound)
    )


def _source_id(connection: Connection, source: str) -> int:
    row = connection.execute(
        "select source_id from staging.sources where source = %s", (source,)
    ).fetchone()
    assert row is not None  # noqa: S101 - opening a run registers its source
    return int(str(row[0]))
