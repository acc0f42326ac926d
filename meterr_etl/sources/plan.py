"""Plans what to read from a source as it really is: pure values, composed SQL, no surprises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from meterr_etl.errors import SourceMismatchError
from meterr_etl.sources.cursor import arrival_predicate, readable_clock
from meterr_etl.sources.header import Source
from meterr_etl.sources.registry import MAPPING_FILE
from meterr_etl.warehouse.connection import Connection
from meterr_etl.window import Window

SHORT_NAMES = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "character varying": "varchar",
}
# Casts that can't fail on any value, so the column need not land as text.
WIDENINGS = {
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("integer", "bigint"),
    ("smallint", "numeric"),
    ("integer", "numeric"),
    ("bigint", "numeric"),
}
CATALOGUE_QUERY = """
select a.attname, pg_catalog.format_type(a.atttypid, null)
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid
where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""


@dataclass(frozen=True)
class PlannedColumn:
    """One column of a landing table: the type it lands in and the expression that reads it."""

    name: str
    landed_type: str
    expression: sql.Composable


@dataclass(frozen=True)
class LandingPlan:
    """What a run lands of a source as it is now, and where that departs from the header.

    `columns_missing` are required and absent, `columns_defaulted` optional and absent; both land
    as null. `columns_retyped` maps a column to its actual type where it lands as text although
    the header declares another. `columns_unknown` exist but are not read. `mapping_lines` maps a
    column to the line of the mapping that uses it first.
    """

    source: Source
    actual_types: Mapping[str, str]
    columns: tuple[PlannedColumn, ...]
    columns_missing: tuple[str, ...]
    columns_defaulted: tuple[str, ...]
    columns_retyped: dict[str, str]
    columns_unknown: tuple[str, ...]
    mapping_lines: dict[str, str]

    def require_columns(self) -> None:
        """Refuse a source that lacks a column which the mapping can't do without.

        Raises:
            SourceMismatchError: names each missing column and the line that needs it.
        """
        if self.columns_missing:
            needed = ", ".join(
                f"{name} ({self.mapping_lines.get(name, 'header')})"
                for name in self.columns_missing
            )
            raise SourceMismatchError(
                f"The source '{self.source.name}' lacks columns of "
                f"{self.source.qualified_table} that its mapping needs: {needed}.",
                remedy="Restore the columns at the source, or change its header and mapping.",
            )


def actual_columns(connection: Connection, schema: str, table: str) -> dict[str, str]:
    """Return name → type of a table's live columns, in order; types without length or scale.

    Raises:
        SourceMismatchError: there is no such table, or the login may not know of it.
    """
    rows = connection.execute(CATALOGUE_QUERY, (schema, table)).fetchall()
    if not rows:
        raise SourceMismatchError(
            f"The source has no table {schema}.{table}.",
            remedy="Check that its URL names the right database, or change the source's header.",
        )
    return {str(name): short_type(str(kind)) for name, kind in rows}


def short_type(name: str) -> str:
    """Return the name by which headers call a type of the catalogue."""
    return SHORT_NAMES.get(name, name)


def plan_columns(source: Source, actual_types: Mapping[str, str]) -> LandingPlan:
    """Return how to land each declared column, given the types that the source has now."""
    actual = {name: short_type(kind) for name, kind in actual_types.items()}
    landed = {name: _landed_type(kind, actual.get(name)) for name, kind in source.columns.items()}
    _align_clock(source, landed)
    absent = [name for name in source.columns if name not in actual]
    return LandingPlan(
        source=source,
        actual_types=actual,
        columns=tuple(
            PlannedColumn(name, kind, _expression(name, kind, actual.get(name)))
            for name, kind in landed.items()
        ),
        columns_missing=tuple(name for name in absent if name in source.required),
        columns_defaulted=tuple(name for name in absent if name not in source.required),
        columns_retyped={
            name: actual[name]
            for name, kind in landed.items()
            if name in actual and kind != source.columns[name] and actual[name] != "timestamptz"
        },
        columns_unknown=tuple(name for name in actual if name not in source.columns),
        mapping_lines=mapping_lines(source),
    )


def cursor_predicate(plan: LandingPlan, start: datetime, end: datetime) -> sql.Composable:
    """Return the condition for the planned source's rows that arrived in `[start, end)`.

    Raises:
        SourceMismatchError: the source has no column that tells when a row arrived.
    """
    return arrival_predicate(plan.source, plan.actual_types, start, end)


def happened_predicate(plan: LandingPlan, window: Window) -> sql.Composable:
    """Return the condition for the rows whose own time, not their arrival, lies in a window.

    Raises:
        SourceMismatchError: the source has no column that tells when an event happened.
    """
    name = plan.source.cursor_fallback
    if name not in plan.actual_types:
        raise SourceMismatchError(
            f"The source '{plan.source.name}' has no column {name}, so no day of it can be read.",
            remedy="Restore the column at the source, or change its header.",
        )
    clock = readable_clock(plan.source, name, plan.actual_types[name])
    return sql.SQL("({} >= {} and {} < {})").format(
        clock, sql.Literal(window.start), clock, sql.Literal(window.end)
    )


def mapping_lines(source: Source) -> dict[str, str]:
    """Return, per declared column, the 'file:line' of the mapping that names it first."""
    found: dict[str, str] = {}
    for number, line in enumerate(source.mapping.splitlines(), start=1):
        code = line.split("--", maxsplit=1)[0]
        for word in re.findall(r"[a-z_][a-z0-9_]*", code):
            if word in source.columns:
                found.setdefault(word, f"{MAPPING_FILE}:{number}")
    return found


def _landed_type(declared: str, actual: str | None) -> str:
    if actual is None or actual == declared or (actual, declared) in WIDENINGS:
        return declared
    return "text"


def _align_clock(source: Source, landed: dict[str, str]) -> None:
    # The mapping may coalesce cursor and fallback, which needs one type for both.
    pair = (source.cursor_column, source.cursor_fallback)
    if len({landed[name] for name in pair}) > 1:
        landed.update(dict.fromkeys(pair, "text"))


def _expression(name: str, landed_type: str, actual: str | None) -> sql.Composable:
    if actual is None:
        return sql.SQL("null::{}").format(sql.SQL(landed_type))
    if actual == landed_type:
        return sql.Identifier(name)
    return sql.SQL("{}::{}").format(sql.Identifier(name), sql.SQL(landed_type))
