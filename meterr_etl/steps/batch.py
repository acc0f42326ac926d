"""The run's batch: a private partitioned table whose days may become published partitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from meterr_etl.contract.columns import EVENT_COLUMNS
from meterr_etl.contract.verdict_sql import ByMember
from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.members import joined_to_groups
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.names import DAY_CHECK
from meterr_etl.warehouse.statements import column_list, statement

SQL_PACKAGE = "meterr_etl.steps"

# Past this a window is an import of history: its days are filled by insert, not by attach.
MAX_OWN_DAYS = 40
# A day's index gets few late rows: this leaves each page room for several, not for a tenth more.
INDEX_FILL_PERCENT = 96


@dataclass(frozen=True)
class Batch:
    """Where a run stages its rows: `days` have a part each, the rest shares one."""

    run: Run
    source_id: int
    days: tuple[date, ...]

    @property
    def table(self) -> sql.Identifier:
        """All rows, whatever their day."""
        return self.run.tables.batch

    @property
    def parts(self) -> tuple[tuple[sql.Identifier, date | None], ...]:
        """Each part and the day that it holds; at last what belongs to no day of the window."""
        tables = self.run.tables
        return (*((tables.batch_day(day), day) for day in self.days), (tables.batch_other, None))

    def content_of(self, alias: str) -> sql.Composed:
        """Return what makes two rows of one id the same content, under a table's alias."""
        names = tuple(column.name for column in EVENT_COLUMNS if column.name != "run_no")
        return column_list(names, alias=alias)


def create_batch(connection: Connection, run: Run) -> Batch:
    """Create the run's batch without parts, and the table of what it will supersede."""
    tables = run.tables
    connection.execute(
        sql.SQL(
            "create table {} (like staging.token_events) partition by list (event_date)"
        ).format(tables.batch)
    )
    connection.execute(
        sql.SQL(
            "create table {} (event_date date not null, source_id smallint not null,"
            " event_key uuid not null, primary key (event_key, source_id, event_date))"
        ).format(tables.superseded)
    )
    days = run.window.days()
    own = tuple(days) if len(days) <= MAX_OWN_DAYS else ()
    return Batch(run, _source_id(connection, run.source), own)


def fill_batch(connection: Connection, batch: Batch, by_member: ByMember) -> int:
    """Write every legal row of the landing into its part; returns how many there are.

    Each part is made by `create table as`, which reads in parallel where an insert can't, and then
    becomes a partition of the batch as it is.
    """
    columns = _columns_of_events(connection)
    values = _values(batch, by_member, [name for name, _ in columns])
    return sum(
        _fill_part(connection, batch, by_member, part, day, values=values, columns=columns)
        for part, day in batch.parts
    )


def index_batch(connection: Connection, batch: Batch, settle_repeated: Callable[[], None]) -> None:
    """Give each part the unique index that published events have, and its statistics.

    Building it is the cheapest way to learn that an id stands twice; only then `settle_repeated`
    searches for such rows and leaves one of each.
    """
    try:
        with connection.transaction():
            _create_indexes(connection, batch)
    except psycopg.errors.UniqueViolation:
        settle_repeated()
        _create_indexes(connection, batch)
    else:
        # An index knows nothing of other parts and of other days, where the same id may lie too.
        if len(batch.days) != 1 or _has_ids_in_two_days(connection, batch):
            settle_repeated()
    for part, _ in batch.parts:
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


def _fill_part(
    connection: Connection,
    batch: Batch,
    by_member: ByMember,
    part: sql.Identifier,
    day: date | None,
    *,
    values: sql.Composable,
    columns: list[tuple[str, bool]],
) -> int:
    written = connection.execute(
        statement(
            SQL_PACKAGE,
            "stage_part",
            part=part,
            values=values,
            judged=joined_to_groups(batch.run, by_member),
            is_legal=by_member.is_legal,
            is_of_part=_is_of_part(by_member.event_at, day, batch.days),
        )
    ).rowcount
    required = [
        sql.SQL("alter column {} set not null").format(sql.Identifier(name))
        for name, is_required in columns
        if is_required
    ]
    bound: sql.Composable = sql.SQL("default")
    if day is not None:
        literal = sql.Literal(day)
        # One scan proves all of it, so neither attach, to the batch and to the events, needs one.
        check = sql.SQL("add constraint {} check (event_date = {})")
        required.append(check.format(sql.Identifier(DAY_CHECK), literal))
        bound = sql.SQL("for values in ({})").format(literal)
    connection.execute(sql.SQL("alter table {} {}").format(part, sql.SQL(", ").join(required)))
    connection.execute(
        sql.SQL("alter table {} attach partition {} {}").format(batch.table, part, bound)
    )
    return written


def _values(batch: Batch, by_member: ByMember, names: list[str]) -> sql.Composed:
    of_run = {
        "run_no": sql.Literal(batch.run.run_no),
        "source_id": sql.Literal(batch.source_id),
    }
    types = {column.name: column.pg_type for column in EVENT_COLUMNS}
    return sql.SQL(", ").join(
        sql.SQL("({})::{} as {}").format(
            of_run.get(name, by_member.staging_row.get(name)),
            sql.SQL(types[name]),
            sql.Identifier(name),
        )
        for name in names
    )


def _is_of_part(
    event_at: sql.Composable, day: date | None, days: tuple[date, ...]
) -> sql.Composable:
    inside = [
        sql.SQL("(({0}) >= {1}::timestamp at time zone 'UTC'"
                " and ({0}) < ({1}::timestamp + interval '1 day') at time zone 'UTC')").format(
            event_at, sql.Literal(str(own))
        )
        for own in ([day] if day else days)
    ]  # fmt: skip
    within = sql.SQL("({})").format(sql.SQL(" or ").join(inside or [sql.SQL("false").format()]))
    return within if day else sql.SQL("not {}").format(within)


def _columns_of_events(connection: Connection) -> list[tuple[str, bool]]:
    """Return the events' columns in their order, and whether each is required."""
    rows = connection.execute(
        "select attname, attnotnull from pg_attribute where attnum > 0 and not attisdropped"
        " and attrelid = 'staging.token_events'::regclass order by attnum"
    ).fetchall()
    return [(str(name), bool(is_required)) for name, is_required in rows]


def _create_indexes(connection: Connection, batch: Batch) -> None:
    for part, _ in batch.parts:
        connection.execute(
            sql.SQL(
                "create unique index on {} (event_key, source_id, event_date)"
                " with (fillfactor = {})"
            ).format(part, sql.Literal(INDEX_FILL_PERCENT))
        )


def _has_ids_in_two_days(connection: Connection, batch: Batch) -> bool:
    (day, _), (other, _) = batch.parts
    row = connection.execute(
        sql.SQL(
            "select exists (select from {0} as o inner join {1} as d on o.event_key = d.event_key)"
            " or exists (select from {0} group by event_key having count(*) > 1)"
        ).format(other, day)
    ).fetchone()
    return bool(row and row[0])


def _source_id(connection: Connection, source: str) -> int:
    row = connection.execute(
        "select source_id from staging.sources where source = %s", (source,)
    ).fetchone()
    assert row is not None  # noqa: S101 - opening a run registers its source
    return int(str(row[0]))
