"""Exports one billing period as a FOCUS Cost and Usage file.

Version 1.2 of https://focus.finops.org; `marts.focus_cost_and_usage` says what each column is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from meterr_etl.errors import ConflictError, InvariantError
from meterr_etl.exports.files import FileFormat, of_tenant, replacing, target_file
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.reading import reader, reads_no_tenant
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)
SQL_PACKAGE = "meterr_etl.exports"
# The version whose rules the tests check; a file says it in its name.
FOCUS_VERSION = "1.2"
WHERE_LEFT_OUT = "marts.unpriced_usage_daily"
# FOCUS writes moments in UTC, to the second, with a Z.
MOMENT = "to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as {name}"
MOMENT_TYPE = "timestamp with time zone"


@dataclass(frozen=True)
class Dataset:
    """One view that is exported: the query of its lines, and how a file of it is named."""

    name: str
    view: str
    lines: str


METERED = Dataset(FOCUS_VERSION, "marts.focus_cost_and_usage", "focus_lines")
# With the columns that version 1.3 adds, on rows of another grain, so it claims no version.
ALLOCATED = Dataset("allocated", "marts.focus_allocated_costs", "focus_allocated_lines")


@dataclass(frozen=True)
class FocusExport:
    """What was written, and what was left out because nobody knows its price.

    `left_out_quantity` is in single tokens or calls; `is_hidden` where the login reads no tenant.
    """

    file: Path
    line_count: int
    is_closed: bool
    is_hidden: bool
    left_out_lines: int
    left_out_quantity: Decimal


def export_focus(
    month: date,
    file_format: FileFormat,
    output: Path,
    *,
    tenant: str | None = None,
    strict: bool = False,
    allocated: bool = False,
) -> FocusExport:
    """Write the charges of one billing period, of the tenants that the login may see.

    Args:
        month: first day of the period.
        file_format: Parquet or CSV; their content is the same.
        output: the file, or a folder for a file of our naming.
        tenant: only this one.
        strict: refuse to write while usage has no price.
        allocated: by who bears them, in place of by what was metered.

    Raises:
        ConflictError: `strict`, and usage of the period has no price.
        InputError: the file can't be written.
        InvariantError: a number is too long for Parquet.
    """
    dataset = ALLOCATED if allocated else METERED
    target = target_file(output, file_name(month, file_format, tenant, dataset))
    asked = {
        "month": sql.Literal(str(month)) + sql.SQL("::date"),
        "tenant": sql.Literal(tenant) + sql.SQL("::text"),
    }
    with reader("meterr export focus") as connection:
        connection.execute("set local client_encoding = 'UTF8'")
        connection.execute("set local jit = off")
        period = _one_row(connection, statement(SQL_PACKAGE, "focus_left_out", **asked))
        if strict and period["line_count"]:
            raise _unpriced(month, period)
        lines = _write(connection, dataset, asked, target, file_format)
        is_hidden = not lines and reads_no_tenant(connection)
    logger.info("export: %s lines of %s in %s", lines, f"{month:%Y-%m}", target)
    return FocusExport(
        target, lines, period["is_closed"], is_hidden, period["line_count"], period["quantity"]
    )


def file_name(
    month: date, file_format: FileFormat, tenant: str | None, dataset: Dataset = METERED
) -> str:
    """Return our name for a file: dataset, period, tenant where there is one, format."""
    return f"focus-{dataset.name}-{month:%Y-%m}{of_tenant(tenant)}.{file_format}"


def _write(
    connection: Connection,
    dataset: Dataset,
    asked: Mapping[str, sql.Composable],
    target: Path,
    file_format: FileFormat,
) -> int:
    columns = _columns(connection, dataset)
    listed = sql.SQL(", ").join(_as_text(name, type_) for name, type_ in columns.items())
    lines = statement(SQL_PACKAGE, dataset.lines, columns=listed, **asked)
    if file_format is FileFormat.CSV:
        with replacing(target) as file:
            return _copy(connection, lines, file.writelines, "csv, header")
    from meterr_etl.exports.parquet import DECIMALS, TooNarrowError, write_parquet  # noqa: PLC0415

    for numeric in DECIMALS:
        try:
            with replacing(target) as file:
                write = partial(write_parquet, columns=columns, numeric=numeric, file=file)
                return _copy(connection, lines, write, "csv")
        except TooNarrowError as error:
            logger.warning("export: a number does not fit %s: %s", numeric, error)
    raise InvariantError(
        "A number is longer than any decimal of a Parquet file.",
        remedy="Export it with --format csv.",
    )


def _copy(
    connection: Connection,
    lines: sql.Composed,
    write: Callable[[Iterator[bytes]], None],
    options: LiteralString,
) -> int:
    copied = sql.SQL("copy ({}) to stdout (format " + options + ")").format(lines)
    with connection.cursor() as cursor:
        with cursor.copy(copied) as copy:
            write(bytes(row) for row in copy)
        return cursor.rowcount


def _columns(connection: Connection, dataset: Dataset) -> dict[str, str]:
    rows = connection.execute(
        statement(SQL_PACKAGE, "focus_columns", view=sql.Literal(dataset.view))
    ).fetchall()
    return {str(name): str(type_) for name, type_ in rows}


def _as_text(name: str, type_: str) -> sql.Composed:
    return sql.SQL(MOMENT if type_ == MOMENT_TYPE else "{name}").format(name=sql.Identifier(name))


def _one_row(connection: Connection, query: sql.Composed) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate returns one row
    return row


def _unpriced(month: date, period: Mapping[str, Any]) -> ConflictError:
    return ConflictError(
        f"{period['line_count']} lines of {month:%Y-%m} ({period['quantity']:f} tokens or calls) "
        "have no price, so nothing was exported.",
        remedy=f"See {WHERE_LEFT_OUT} for what and why, or export without --strict.",
    )
