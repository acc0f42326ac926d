"""Creates the indexes that a mart's contract asks for beside its key."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.marts_contract import MartContract
from meterr_etl.warehouse.names import mart_table

MAX_IDENTIFIER = 63


def create_indexes(connection: Connection, mart: MartContract) -> None:
    """Create each index of the contract that does not stand."""
    rows = connection.execute(
        "select indexname from pg_indexes where schemaname = 'marts' and tablename = %s",
        (mart.name,),
    ).fetchall()
    # `if not exists` would take its lock before it looks, and wait for a publish at work.
    standing = {str(row[0]) for row in rows}
    for index in mart.indexes:
        columns = [name.removeprefix("-") for name in index]
        name = f"{mart.name}_by_{'_'.join(columns)}"[:MAX_IDENTIFIER]
        if name not in standing:
            connection.execute(
                sql.SQL("create index {} on {} ({})").format(
                    sql.Identifier(name),
                    mart_table(mart.name),
                    sql.SQL(", ").join(_sorted_column(column) for column in index),
                )
            )


def _sorted_column(column: str) -> sql.Composed:
    order = sql.SQL(" desc nulls last" if column.startswith("-") else "")
    return sql.Identifier(column.removeprefix("-")) + order
