"""Compares a source with what is published of it, day by day, without moving a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.settings import settings
from meterr_etl.sources.cursor import readable_clock
from meterr_etl.sources.header import Source
from meterr_etl.sources.plan import actual_columns
from meterr_etl.sources.registry import load_source
from meterr_etl.warehouse.connection import Connection, source_database, warehouse
from meterr_etl.warehouse.marts import PublishedMart, published_marts
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"
Digests = dict[date, str]


@dataclass(frozen=True)
class Difference:
    """One event date whose published content is not the source's, or whose marts disagree.

    A digest is the number of rows and a sum over a hash of each row's id and time of change: it
    tells nothing of their order. What changed without moving its cursor is not seen.
    """

    day: date
    why: str
    source_digest: str
    warehouse_digest: str


def compare(source_name: str, days: int) -> list[Difference]:
    """Return the days that differ among the last `days` before the watermark, oldest first.

    Raises:
        ConflictError: no window of the source is published yet.
        SourceUnavailableError: the source did not answer.
    """
    source = load_source(source_name)
    with warehouse("meterr_loader", application_name="meterr sweep") as connection:
        until = _watermark(connection, source_name)
        since = until - timedelta(days=days)
        theirs = source_digests(source, since, until)
        ours = published_digests(connection, source_name, since, until)
        sound = _found_sound(connection, source_name)
        broken = _broken_marts(connection, since.date(), until.date())
    found = []
    for day in sorted({*theirs, *ours, *broken}):
        mine, their = ours.get(day, ""), theirs.get(day, "")
        why = _why(mine, their, is_known=sound.get(day) == (their, mine), mart=broken.get(day))
        if why:
            found.append(Difference(day, why, their, mine))
    return found


def remember_sound(source_name: str, difference: Difference, run_id: str, days: int) -> bool:
    """Remember a repaired day's digests as sound; returns whether both sides now agree.

    A day that holds dead or repeated rows never agrees; it is repaired again when one changes.
    """
    source, day = load_source(source_name), difference.day
    with warehouse("meterr_loader", application_name="meterr sweep") as connection:
        until = _watermark(connection, source_name)
        since = until - timedelta(days=days)
        their = source_digests(source, since, until).get(day, "")
        mine = published_digests(connection, source_name, since, until).get(day, "")
        connection.execute(
            "insert into ops.swept_days (source, event_date, source_digest, warehouse_digest,"
            " run_id) values (%s, %s, %s, %s, %s) on conflict (source, event_date) do update set"
            " source_digest = excluded.source_digest,"
            " warehouse_digest = excluded.warehouse_digest, run_id = excluded.run_id",
            (source_name, day, their, mine, run_id),
        )
    return their == mine


def source_digests(source: Source, since: datetime, until: datetime) -> Digests:
    """Return the source's digest of each event date, of rows that arrived before `until`."""
    with source_database(source.name, settings().for_source(source.name)) as origin:
        types = actual_columns(origin, source.schema_name, source.table)
        happened = _clock(source, source.cursor_fallback, types)
        arrived = sql.SQL("coalesce({}, {})").format(
            _clock(source, source.cursor_column, types), happened
        )
        return _digests(
            origin,
            "source_digests",
            {
                "id": sql.Identifier(source.id_column),
                "table": sql.Identifier(source.schema_name, source.table),
                "happened": happened,
                "arrived": arrived,
                "since": sql.Literal(since),
                "until": sql.Literal(until),
            },
        )


def published_digests(
    connection: Connection, source_name: str, since: datetime, until: datetime
) -> Digests:
    """Return the same of what is published."""
    return _digests(
        connection,
        "published_digests",
        {
            "source": sql.Literal(source_name),
            "first_day": sql.Literal(since.date()),
            "last_day": sql.Literal(until.date()),
            "until": sql.Literal(until),
        },
    )


def _digests(connection: Connection, name: str, parts: Mapping[str, sql.Composable]) -> Digests:
    rows = connection.execute(statement(SQL_PACKAGE, name, **parts)).fetchall()
    return {day: str(digest) for day, digest in rows if isinstance(day, date)}


def _clock(source: Source, name: str, types: Mapping[str, str]) -> sql.Composable:
    if name not in types:
        return sql.SQL("null::timestamptz")
    return readable_clock(source, name, types[name])


def _watermark(connection: Connection, source_name: str) -> datetime:
    row = connection.execute(
        "select max(upper(stretch)) from (select unnest(range_agg(tstzrange(window_start,"
        " window_end))) as stretch from ops.windows where source = %s) as s"
        " where lower(stretch) = (select min(window_start) from ops.windows where source = %s)",
        (source_name, source_name),
    ).fetchone()
    if row is None or not isinstance(row[0], datetime):
        raise ConflictError(
            f"Nothing of '{source_name}' is published yet.", remedy="Run a night first."
        )
    return row[0].astimezone(UTC)


def _found_sound(connection: Connection, source_name: str) -> dict[date, tuple[str, str]]:
    rows = connection.execute(
        "select event_date, source_digest, warehouse_digest from ops.swept_days where source = %s",
        (source_name,),
    ).fetchall()
    return {day: (str(a), str(b)) for day, a, b in rows if isinstance(day, date)}


def _broken_marts(connection: Connection, first: date, last: date) -> dict[date, str]:
    """Return the days on which a mart counts other requests than the published events."""
    broken: dict[date, str] = {}
    for mart in published_marts():
        counted = _requests_of(mart)
        if counted is None:
            continue
        rows = connection.execute(
            statement(
                SQL_PACKAGE,
                "broken_days",
                mart=mart.table,
                day=sql.Identifier(mart.date_column),
                requests=counted,
                first_day=sql.Literal(first),
                last_day=sql.Literal(last),
            )
        ).fetchall()
        broken |= {day: mart.name for (day,) in rows if isinstance(day, date)}
    return broken


def _requests_of(mart: PublishedMart) -> sql.Composable | None:
    if "request_count" in mart.columns and mart.name.endswith(("_daily", "_hour")):
        return sql.SQL("m.request_count")
    if {"token_type", "consumed_quantity"} <= set(mart.columns) and mart.partition_by_day:
        return sql.SQL("case when m.token_type = 'request' then m.consumed_quantity else 0 end")
    return None


def _why(mine: str, their: str, *, is_known: bool, mart: str | None) -> str:
    reasons = []
    if mine != their and not is_known:
        mine_rows, their_rows = (text.partition(" ")[0] or "0" for text in (mine, their))
        if mine_rows == their_rows:
            reasons.append(f"rows of other revisions among {their_rows}")
        else:
            reasons.append(f"the source holds {their_rows} rows, the warehouse {mine_rows}")
    if mart:
        reasons.append(f"marts.{mart} counts other requests than the events")
    return "; ".join(reasons)
