"""Loads the SQL files that lie beside the code and composes identifiers into them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import LiteralString

from psycopg import sql


def statement(package: str, name: str, /, **parts: sql.Composable) -> sql.Composed:
    """Return `<package>/sql/<name>.sql` with its `{placeholders}` composed in."""
    return sql.SQL(_text(package, name)).format(**parts)


def trusted_sql(text: str) -> sql.SQL:
    """Return a mapping file's text as SQL: files of this repository are code, not input."""
    return sql.SQL(text)  # type: ignore[arg-type, unused-ignore]


@cache
def _text(package: str, name: str) -> LiteralString:
    path = resources.files(package) / "sql" / f"{name}.sql"
    return path.read_text(encoding="utf-8")  # type: ignore[return-value, unused-ignore]


def column_list(names: tuple[str, ...], *, alias: str | None = None) -> sql.Composed:
    """Return names as a comma-separated list of identifiers, each under the alias if given."""
    return sql.SQL(", ").join(
        sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names
    )
