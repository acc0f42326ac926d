"""Writes rows that Python made into a table; few, since events never pass through Python."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from meterr_etl.warehouse.connection import Connection


def copy_rows(
    connection: Connection, table: sql.Identifier, rows: Iterable[tuple[object, ...]]
) -> None:
    """Append rows to a table, in the order of its columns."""
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} from stdin").format(table)) as copy,
    ):
        for row in rows:
            copy.write_row(row)
