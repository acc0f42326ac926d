"""The landing gate: did what arrived arrive whole, in the usual amount, shape and freshness?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import sql

from meterr_etl.gates.expectation import MAX_HISTORY, MIN_HISTORY, Expectation, Severity
from meterr_etl.gates.measuring import Checkpoint, relation_columns
from meterr_etl.ledger.runs import Run
from meterr_etl.settings import SourceSettings, settings
from meterr_etl.warehouse.connection import Connection, warehouse

MAX_HOURS_BEFORE_END = 6
NULL_SHARE_WARNING = Decimal("0.01")
NULL_SHARE_ERROR = Decimal("0.5")
TOO_LITTLE_HISTORY = (
    "only {windows_compared} published windows of this source and length lie before this one, "
    f"{MIN_HISTORY} are needed to say what is usual"
)


@dataclass(frozen=True)
class Extraction:
    """What the extract noted: rows read, the clock and the watched columns, departures of schema.

    `cursor_columns` are tried in order; each of `watched` holds a value in every sound row.
    """

    rows_read: int
    missing: tuple[str, ...]
    retyped: tuple[str, ...]
    unknown: tuple[str, ...]
    cursor_columns: tuple[str, ...]
    watched: tuple[str, ...]


def landing_checkpoint(run: Run) -> Checkpoint:
    """Return the landing gate of a run, its bounds taken from the source's settings."""
    with warehouse("meterr_loader") as connection:
        extraction = _load_extraction(connection, run)
        types = relation_columns(connection, run.tables.landing)
    watched = [name for name in extraction.watched if name in types]
    parts = {
        "landing": run.tables.landing,
        "source": sql.Literal(run.source),
        "window_start": sql.Literal(run.window.start),
        "window_end": sql.Literal(run.window.end),
        # Constants, so that the planner reads these days' partitions and no other.
        "window_days": sql.SQL(", ").join(
            sql.SQL("{}::date").format(sql.Literal(str(day))) for day in run.window.days()
        ),
        "rows_read": sql.Literal(extraction.rows_read),
        "columns_missing": sql.Literal(list(extraction.missing)),
        "columns_retyped": sql.Literal(list(extraction.retyped)),
        "columns_unknown": sql.Literal(list(extraction.unknown)),
        "newest_cursor": _newest_cursor(extraction.cursor_columns, types, run.window.end),
        "watched": sql.Literal(watched),
        "null_counts": _null_counts(watched),
        "watched_cells": _watched_cells(watched),
        "has_null": _has_null(watched),
        "min_history": sql.Literal(MIN_HISTORY),
        "max_history": sql.Literal(MAX_HISTORY),
    }
    bands = _volume(settings().for_source(run.source))
    return Checkpoint("landing", run, "meterr_loader", parts, (*_schema(), *bands, *_content()))


def _load_extraction(connection: Connection, run: Run) -> Extraction:
    row = connection.execute(
        "select metrics from ops.run_steps where run_id = %s and step = 'extract'"
        " and status = 'succeeded' order by attempt desc limit 1",
        (run.run_id,),
    ).fetchone()
    noted = row[0] if row and isinstance(row[0], dict) else {}
    lines = noted.get("mapping_lines", {})
    return Extraction(
        # A count that the extract did not leave can't equal the rows landed: that is a red gate.
        rows_read=int(noted.get("rows_read", -1)),
        missing=tuple(
            f"{name} (needed at {lines.get(name, 'the header')})"
            for name in noted.get("columns_missing", ())
        ),
        retyped=tuple(
            f"{name} ({kind})" for name, kind in noted.get("columns_retyped", {}).items()
        ),
        unknown=tuple(noted.get("columns_unknown", ())),
        cursor_columns=tuple(noted.get("cursor_columns", ())),
        watched=tuple(noted.get("watched_columns", ())),
    )


def _newest_cursor(
    names: tuple[str, ...], types: dict[str, str], window_end: datetime
) -> sql.Composable:
    readable = [_as_time(name, types[name]) for name in names if name in types]
    if not readable:
        return sql.SQL("null::timestamptz")
    # A poison time past the end says nothing of how far the source's clock really came.
    return sql.SQL("max({0}) filter (where {0} < {1})").format(
        sql.SQL("coalesce({})").format(sql.SQL(", ").join(readable)), sql.Literal(window_end)
    )


def _as_time(name: str, kind: str) -> sql.Composable:
    column = sql.Identifier("l", name)
    if kind == "timestamp with time zone":
        return column
    return sql.SQL(
        "case when pg_input_is_valid({0}::text, 'timestamptz') then {0}::text::timestamptz end"
    ).format(column)


def _null_counts(watched: list[str]) -> sql.Composable:
    counts = [
        sql.SQL("count(*) filter (where {} is null)").format(sql.Identifier("l", name))
        for name in watched
    ]
    return sql.SQL("array[{}]::bigint[]").format(sql.SQL(", ").join(counts))


def _watched_cells(watched: list[str]) -> sql.Composable:
    cells = [
        sql.SQL("left({}::text, 200) as {}").format(sql.Identifier("l", name), sql.Identifier(name))
        for name in watched
    ]
    return sql.SQL(", ").join([*cells, sql.SQL("l.ctid::text as landing_row")])


def _has_null(watched: list[str]) -> sql.Composable:
    columns = sql.SQL(", ").join(sql.Identifier("l", name) for name in watched)
    return sql.SQL("num_nulls({}) > 0").format(columns) if watched else sql.SQL("false")


def _schema() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "rows_landed_equal_rows_read",
            "error",
            "rows_lost",
            "{rows_landed:,} rows landed of {rows_read:,} that the extract read",
            "exactly the rows that the extract read",
            "Start the window again at `extract`: the copy was cut or written to twice.",
            maximum=0,
        ),
        Expectation(
            "needed_columns_present",
            "error",
            "columns_missing",
            "missing columns: {columns_missing_names}",
            "every column that the mapping needs",
            "Restore them at the source, or change the lines of the mapping that are named.",
            maximum=0,
        ),
        Expectation(
            "column_types_as_declared",
            "warning",
            "columns_retyped",
            "columns of another type than declared: {columns_retyped_names}",
            "the types that the source's header declares",
            "They landed as text, so only cells that can't be read die; correct the header.",
            maximum=0,
        ),
        Expectation(
            "unknown_columns_noted",
            "warning",
            "columns_unknown",
            "columns that the mapping does not read: {columns_unknown_names}",
            "any number; new columns are noted, not landed",
            "Add the column to the source's header if it tells of usage.",
            minimum=0,
        ),
    )


def _volume(chosen: SourceSettings) -> tuple[Expectation, ...]:
    # Half as wide as the band that stops a run.
    narrow_min = 1 - (1 - chosen.volume_min_ratio) / 2
    narrow_max = 1 + (chosen.volume_max_ratio - 1) / 2
    return (
        _band("volume_in_band", "error", chosen.volume_min_ratio, chosen.volume_max_ratio),
        _band("volume_as_usual", "warning", narrow_min, narrow_max),
    )


def _band(name: str, severity: Severity, lowest: Decimal, highest: Decimal) -> Expectation:
    return Expectation(
        name,
        severity,
        "volume_ratio",
        "{rows_landed:,} rows landed, {volume_ratio:.2f} times the {usual_rows:,} of the median "
        "of {windows_compared} windows before",
        f"{lowest:.2f} to {highest:.2f} times the median",
        "Check that the source wrote all day and that nothing was loaded twice; if the change is "
        "real, widen volume_min_ratio and volume_max_ratio of this source.",
        minimum=lowest,
        maximum=highest,
        unjudged=TOO_LITTLE_HISTORY + ", and their median must not be 0",
    )


def _content() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "newest_row_near_window_end",
            "warning",
            "hours_before_end",
            "the newest row arrived {hours_before_end:.1f} hours before the window's end",
            f"at most {MAX_HOURS_BEFORE_END} hours",
            "Check whether the source's writers or its replica stopped; rows that arrive later "
            "come with a later window.",
            maximum=MAX_HOURS_BEFORE_END,
            unjudged="no row of the window bears a readable arrival time",
        ),
        _filled("needed_values_present", "warning", NULL_SHARE_WARNING),
        _filled("needed_values_not_vanished", "error", NULL_SHARE_ERROR),
    )


def _filled(name: str, severity: Severity, most: Decimal) -> Expectation:
    return Expectation(
        name,
        severity,
        "null_share",
        "column {null_column} is empty in {null_count:,} of {rows_landed:,} rows "
        "({null_share:.2%})",
        f"at most {most:.0%} of the rows of any column that every event needs",
        "Ask the source's owner what stopped filling it: these rows become dead letters.",
        maximum=most,
        unjudged="no row landed, or the extract named no columns to watch",
        sample="sample_empty_cells",
    )
