"""Fills published tables from other published ones: a mart that is new, or whose query changed."""

from __future__ import annotations

import logging
from graphlib import TopologicalSorter

import psycopg
from psycopg import sql

from meterr_etl.errors import InputError
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.marts import PUBLISH_LOCK
from meterr_etl.warehouse.marts_contract import MartContract
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import column_list, trusted_sql

logger = logging.getLogger(__name__)


def marts_to_fill(
    connection: Connection, contracts: tuple[MartContract, ...], *, refill_months: bool
) -> tuple[MartContract, ...]:
    """Return the marts that must be made of published ones, in the order in which they can be.

    Where there are some, no publish can happen until the transaction ends.
    """
    if not (refill_months or any(_is_stale(connection, mart) for mart in contracts)):
        return ()
    # Before any lock of a table: a publish takes them in this order too.
    connection.execute(f"select pg_advisory_xact_lock({PUBLISH_LOCK})")
    by_name = {mart.name: mart for mart in contracts}
    unfilled: dict[str, MartContract] = {}
    for name in TopologicalSorter({m.name: m.made_of for m in contracts}).static_order():
        mart = by_name[name]
        is_asked_for = mart.daily_mart and (refill_months or mart.daily_mart in unfilled)
        if is_asked_for or _is_stale(connection, mart):
            unfilled[name] = mart
    return tuple(unfilled.values())


def drop_view_in_the_way(connection: Connection, mart: MartContract) -> None:
    """Drop the view of a mart's name, which the mart was before it became a table.

    Raises:
        InputError: somebody built a view of their own on it.
    """
    rows = connection.execute(
        "select from pg_views where schemaname = 'marts' and viewname = %s", (mart.name,)
    ).fetchall()
    if not rows:
        return
    try:
        connection.execute(sql.SQL("drop view {}").format(mart_table(mart.name)))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise InputError(
            f"marts.{mart.name} becomes a table, but {error.diag.message_detail}.",
            remedy="Drop what depends on it, run `meterr migrate`, and create it again.",
        ) from error


def fill_marts(connection: Connection, marts: tuple[MartContract, ...]) -> None:
    """Make each mart anew, whole, of the marts that its query reads."""
    if marts:
        connection.execute("set local work_mem = '128MB'")
    for mart in marts:
        connection.execute(sql.SQL("delete from {}").format(mart_table(mart.name)))
        rows = connection.execute(
            sql.SQL("insert into {} ({}) select {} from ({}) as made").format(
                mart_table(mart.name),
                column_list(mart.column_names),
                column_list(mart.column_names),
                trusted_sql(str(mart.query)),
            )
        ).rowcount
        connection.execute(sql.SQL("analyze {}").format(mart_table(mart.name)))
        if rows:
            logger.info("migrate: %s rows of %s from what is published", rows, mart.name)


def _is_stale(connection: Connection, mart: MartContract) -> bool:
    if not mart.query:
        return False
    rows = connection.execute(
        "select derivation from ops.published_marts where name = %s", (mart.name,)
    ).fetchall()
    return rows != [(mart.derivation,)]
