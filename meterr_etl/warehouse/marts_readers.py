"""Says who reads a mart, and lets the server find a reader's rows without reading all."""

from __future__ import annotations

from psycopg import sql

from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.marts_contract import MartContract
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.warehouse"
POLICY = "reader_sees_own_tenants"
# Written into the policy's comment: a rule of another name reaches marts that stand.
LISTED, BOUNDED = "marts_tenant_listed", "marts_tenant_bounded"


def grant_readers(connection: Connection, mart: MartContract) -> None:
    """Turn on row-level security on a new mart, and grant it."""
    connection.execute(statement(SQL_PACKAGE, "marts_secure", table=mart_table(mart.name)))


def show_own_tenants(connection: Connection, mart: MartContract) -> None:
    """Let readers see the rows of their own tenants, or all where a mart has no tenants.

    A policy that stands and says so already is left alone: to change it locks readers out.
    """
    rule, readable = "open to all", sql.Composed([sql.SQL("true")])
    if mart.tenant_column:
        rule = BOUNDED if _sorts_by_bytes(connection) else LISTED
        readable = statement(SQL_PACKAGE, rule, tenant=sql.Identifier(mart.tenant_column))
    standing = connection.execute(
        "select obj_description(oid, 'pg_policy') from pg_policy"
        " where polrelid = to_regclass(%s) and polname = %s",
        (mart_table(mart.name).as_string(connection), POLICY),
    ).fetchone()
    if standing == (rule,):
        return
    change = (
        "alter policy {} on {} using ({})"
        if standing
        else "create policy {} on {} for select to meterr_analyst using ({})"
    )
    policy, table = sql.Identifier(POLICY), mart_table(mart.name)
    connection.execute(sql.SQL(change).format(policy, table, readable))
    connection.execute(
        sql.SQL("comment on policy {} on {} is {}").format(policy, table, sql.Literal(rule))
    )


def _sorts_by_bytes(connection: Connection) -> bool:
    # Only there is it known which text is the greatest.
    row = connection.execute(
        "select pg_encoding_to_char(encoding) = 'UTF8'"
        " and (datlocprovider = 'b' or datlocprovider = 'c' and datcollate in ('C', 'POSIX'))"
        " from pg_database where datname = current_database()"
    ).fetchone()
    return bool(row and row[0])
