"""Composes which rows of a source belong to a window of arrival time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from psycopg import sql

from meterr_etl.errors import SourceMismatchError
from meterr_etl.sources.header import Source

TEXT_TYPES = frozenset({"text", "varchar", "character", "citext", "date"})

# PostgreSQL before 16 can't be asked whether a cast would fail, so a text is cast only after a
# pattern that admits nothing but real dates: days per month, leap years, at most nine digits of
# a second, offsets below 16 hours.
DAY_PATTERN = (
    "(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)"
)
TIME_PATTERN = "[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
ZONE_PATTERN = " ?(?:[Zz]|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)"
ZONED = f"^{DAY_PATTERN}{TIME_PATTERN}{ZONE_PATTERN}$"
ZONELESS = f"^{DAY_PATTERN}(?:{TIME_PATTERN})?$"

READABLE_TEXT = """(case
    when {column}::text ~ {zoned} then {column}::text::timestamptz
    when {column}::text ~ {zoneless} then {column}::text::timestamp at time zone 'UTC'
end)"""


def arrival_predicate(
    source: Source, actual_types: Mapping[str, str], start: datetime, end: datetime
) -> sql.Composable:
    """Return the condition for the rows that arrived in `[start, end)`.

    A row without a readable cursor counts by its fallback; one without either belongs to every
    window, since nothing says when it came: it is never lost, and ends as a dead letter. No text
    makes the condition fail. Typed columns are compared bare, so an index serves them.

    Raises:
        SourceMismatchError: neither column exists, or one has a type that tells no time.
    """
    names = (source.cursor_column, source.cursor_fallback)
    present = [name for name in names if name in actual_types]
    if not present:
        raise SourceMismatchError(
            f"The source '{source.name}' has neither {names[0]} nor {names[1]} in "
            f"{source.qualified_table}, so no window can be cut from it.",
            remedy="Restore one of the columns at the source, or change its header.",
        )
    clocks = [readable_clock(source, name, actual_types[name]) for name in present]
    if all(actual_types[name] == "timestamptz" for name in present):
        return _typed(clocks, start, end)
    return _read(clocks, start, end)


def readable_clock(source: Source, name: str, actual: str) -> sql.Composable:
    """Return a column as timestamptz, null where it is a text that names no time.

    Raises:
        SourceMismatchError: the column's type tells no time.
    """
    column = sql.Identifier(name)
    if actual == "timestamptz":
        return column
    if actual == "timestamp":
        return sql.SQL("({} at time zone 'UTC')").format(column)
    if actual not in TEXT_TYPES:
        raise SourceMismatchError(
            f"The column {name} of {source.qualified_table} is of type {actual}, "
            "which tells no time.",
            remedy="Make it a timestamptz at the source, or name another cursor in its header.",
        )
    return sql.SQL(READABLE_TEXT).format(
        column=column, zoned=sql.Literal(ZONED), zoneless=sql.Literal(ZONELESS)
    )


def _typed(clocks: list[sql.Composable], start: datetime, end: datetime) -> sql.Composable:
    # Written out as alternatives of bare comparisons, which PostgreSQL can answer by index.
    arms = [_within(clocks[0], start, end)]
    for missing in ("{} is null", "{} in ('infinity', '-infinity')"):
        unreadable = sql.SQL(missing).format(clocks[0])
        if len(clocks) == 1:
            arms.append(unreadable)
            continue
        fallback = sql.SQL("({} or {} is null or {} in ('infinity', '-infinity'))").format(
            _within(clocks[1], start, end), clocks[1], clocks[1]
        )
        arms.append(sql.SQL("({} and {})").format(unreadable, fallback))
    return sql.SQL("({})").format(sql.SQL(" or ").join(arms))


def _read(clocks: list[sql.Composable], start: datetime, end: datetime) -> sql.Composable:
    finite = [
        sql.SQL("(case when isfinite({}) then {} end)").format(clock, clock) for clock in clocks
    ]
    arrival = sql.SQL("coalesce({})").format(sql.SQL(", ").join(finite))
    # `is not false` keeps the rows whose arrival is unknown.
    return sql.SQL("({} is not false)").format(_within(arrival, start, end))


def _within(clock: sql.Composable, start: datetime, end: datetime) -> sql.Composable:
    return sql.SQL("({} >= {} and {} < {})").format(
        clock, sql.Literal(start), clock, sql.Literal(end)
    )
