"""Writes a command's data to stdout, as tables for people or as JSON, and its notes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Rows = Sequence[Mapping[str, Any]]

NOTHING = "-"
READS_NO_TENANT = (
    "This login reads no tenant yet: insert its name and a tenant_id ('*' for all) into "
    "ops.reader_tenants."
)
# What a pipe or a file is given: a query's answer is never folded, the ledger's sentences are.
UNBOUNDED = 1000
PAGE = 180


def show(sections: Mapping[str, Rows], *, as_json: bool) -> None:
    """Print named tables; JSON is one object with a list per name, numerics as exact strings."""
    if as_json:
        print_json({name.lower().replace(" ", "_"): list(rows) for name, rows in sections.items()})
        return
    for name, rows in sections.items():
        print_table(rows, title=name, width=PAGE)


def print_json(data: object) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(json_text(data))


def json_text(data: object) -> str:
    """Return data as a JSON document, numerics as exact strings."""
    return json.dumps(data, default=_plain, ensure_ascii=False, indent=1) + "\n"


def print_table(rows: Rows, *, title: str | None = None, width: int = UNBOUNDED) -> None:
    """Print one table to stdout; its columns are the first row's keys, numbers to the right.

    A terminal's own width wins over `width`.
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(width=None if sys.stdout.isatty() else width)
    if not rows:
        console.print(f"{title}: none" if title else "No rows.", highlight=False)
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in rows[0]:
        numeric = all(_is_number(row[column]) or row[column] is None for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(table)


def note(message: str) -> None:
    """Tell the person something that is no data: progress, advice, a truncation."""
    sys.stderr.write(f"{message}\n")


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _cell(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value) or NOTHING
    if isinstance(value, dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    # As text: a JSON number is read as a float by most programs, and a cost must stay exact.
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
