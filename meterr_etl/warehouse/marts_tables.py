"""Derives the published tables from the contracts: creates, extends, and refuses the rest."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from meterr_etl.errors import InputError
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.marts_contract import REMEDY, MartColumn, MartContract
from meterr_etl.warehouse.marts_fill import drop_view_in_the_way, fill_marts, marts_to_fill
from meterr_etl.warehouse.marts_indexes import create_indexes
from meterr_etl.warehouse.marts_readers import grant_readers, show_own_tenants
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import column_list, statement

SQL_PACKAGE = "meterr_etl.warehouse"


@dataclass(frozen=True)
class MartChanges:
    """What the contracts asked for: marts to create, and columns to add as `mart.column`."""

    created: tuple[str, ...]
    added: tuple[str, ...]


def apply_contracts(
    connection: Connection, contracts: tuple[MartContract, ...], *, refill_months: bool = False
) -> MartChanges:
    """Bring the published tables up to their contracts, all of them or none.

    Expects a transaction of meterr_publisher; an added column is nullable for what stands.

    Raises:
        InputError: a contract asks for anything but a new mart or a new column.
    """
    types = _server_types(connection, contracts)
    created, added = [], []
    _require_no_lost_mart(connection, contracts)
    unfilled = marts_to_fill(connection, contracts, refill_months=refill_months)
    for mart in contracts:
        standing = _standing_columns(connection, mart)
        if standing:
            _require_compatible(connection, mart, standing, types)
            for column in mart.columns:
                if column.name not in standing:
                    _add_column(connection, mart, column, types)
                    added.append(f"{mart.name}.{column.name}")
        else:
            drop_view_in_the_way(connection, mart)
            _create_mart(connection, mart, types)
            created.append(mart.name)
        create_indexes(connection, mart)
        show_own_tenants(connection, mart)
        _describe(connection, mart)
        _record(connection, mart)
    fill_marts(connection, unfilled)
    return MartChanges(tuple(created), tuple(added))


def _server_types(
    connection: Connection, contracts: tuple[MartContract, ...]
) -> dict[str, sql.SQL]:
    """Return each type of the contracts as the server writes it, safe to compose."""
    types: dict[str, sql.SQL] = {}
    for mart in contracts:
        for column in mart.columns:
            if column.data_type not in types:
                name = _server_type(connection, column.data_type)
                if name is None:
                    raise InputError(
                        f"{mart.name}.{column.name} has the type '{column.data_type}',"
                        " which the warehouse does not know.",
                        remedy=REMEDY,
                    )
                # The name of a type that exists: nothing of the yml itself gets into the SQL.
                types[column.data_type] = sql.SQL(name)
    return types


def _server_type(connection: Connection, word: str) -> str | None:
    query = "select format_type(to_regtype(%(word)s), to_regtypemod(%(word)s))"
    try:
        with connection.transaction():
            row = connection.execute(query, {"word": word}).fetchone()
    except psycopg.errors.SyntaxError:
        return None
    return str(row[0]) if row and row[0] is not None else None


def _standing_columns(connection: Connection, mart: MartContract) -> dict[str, tuple[str, bool]]:
    table = sql.Literal(mart_table(mart.name).as_string(connection))
    rows = connection.execute(statement(SQL_PACKAGE, "marts_columns", table=table)).fetchall()
    return {str(name): (str(kind), bool(required)) for name, kind, required in rows}


def _require_no_lost_mart(connection: Connection, contracts: tuple[MartContract, ...]) -> None:
    rows = connection.execute("select name from ops.published_marts order by name").fetchall()
    lost = [str(row[0]) for row in rows if row[0] not in {mart.name for mart in contracts}]
    if lost:
        raise _refusal(lost[0], "is published, but the dbt project has no such mart any more")


def _require_compatible(
    connection: Connection,
    mart: MartContract,
    standing: dict[str, tuple[str, bool]],
    types: dict[str, sql.SQL],
) -> None:
    wanted = {column.name: column for column in mart.columns}
    for name, (kind, is_required) in standing.items():
        if name not in wanted:
            raise _refusal(f"{mart.name}.{name}", "is published, but its contract has it no more")
        asked = types[wanted[name].data_type].as_string(connection)
        if asked != kind:
            raise _refusal(f"{mart.name}.{name}", f"is {kind}, but its contract says {asked}")
        if is_required and not wanted[name].is_required:
            raise _refusal(f"{mart.name}.{name}", "is not null, but its contract allows null")
    row = connection.execute(
        "select date_column, key, partition_by_day from ops.published_marts where name = %s",
        (mart.name,),
    ).fetchone()
    if row != (mart.date_column, list(mart.key), mart.partition_by_day):
        raise _refusal(mart.name, "has another key, date column or partitioning in its contract")


def _refusal(what: str, why: str) -> InputError:
    return InputError(
        f"marts.{what} {why}.",
        remedy="A published mart takes new columns only: undo the change, or drop the table and"
        " its row in ops.published_marts, migrate, and run its days again.",
    )


def _create_mart(connection: Connection, mart: MartContract, types: dict[str, sql.SQL]) -> None:
    columns = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column.name),
            types[column.data_type],
            sql.SQL(" not null" if column.is_required else ""),
        )
        for column in mart.columns
    ]
    table = mart_table(mart.name)
    by_day = sql.SQL(" partition by list ({})").format(sql.Identifier(mart.date_column))
    connection.execute(
        sql.SQL("create table {} ({}){}").format(
            table, sql.SQL(", ").join(columns), by_day if mart.partition_by_day else sql.SQL("")
        )
    )
    # On a wide cube an index of its sixteen texts costs more than its rows; there a data test
    # guards the key of each candidate instead.
    if mart.key and not mart.partition_by_day:
        key = (
            "create unique index on {} ({}) nulls not distinct"
            if mart.is_key_nullable
            else "alter table {} add primary key ({})"
        )
        connection.execute(sql.SQL(key).format(table, column_list(mart.key)))
    grant_readers(connection, mart)


def _add_column(
    connection: Connection, mart: MartContract, column: MartColumn, types: dict[str, sql.SQL]
) -> None:
    connection.execute(
        sql.SQL("alter table {} add column {} {}").format(
            mart_table(mart.name), sql.Identifier(column.name), types[column.data_type]
        )
    )


def _describe(connection: Connection, mart: MartContract) -> None:
    table = mart_table(mart.name)
    connection.execute(
        sql.SQL("comment on table {} is {}").format(table, sql.Literal(mart.description))
    )
    for column in mart.columns:
        connection.execute(
            sql.SQL("comment on column {} is {}").format(
                sql.Identifier("marts", mart.name, column.name), sql.Literal(column.description)
            )
        )


def _record(connection: Connection, mart: MartContract) -> None:
    facts = {
        "name": mart.name,
        "date_column": mart.date_column,
        "columns": list(mart.column_names),
        "key": list(mart.key),
        "partition_by_day": mart.partition_by_day,
        "daily_mart": mart.daily_mart,
        "derivation": mart.derivation,
    }
    connection.execute(statement(SQL_PACKAGE, "marts_record"), facts)
