"""Reads the marts as an analyst does: one snapshot, own tenants, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from meterr_etl.settings import settings
from meterr_etl.warehouse.connection import Connection, database, warehouse

ANALYST = "meterr_analyst"


@contextmanager
def reader(application_name: str) -> Iterator[Connection]:
    """Open the marts in one read-only transaction: METERR_ANALYST_URL, else as meterr_analyst.

    Raises:
        WarehouseUnavailableError: the server can't be reached or refused the login.
    """
    own = settings().analyst_url
    if own is not None:
        with database(own, "warehouse (as analyst)") as connection:
            _bound(connection)
            yield connection
        return
    with warehouse(application_name=application_name) as connection:
        _bound(connection)
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(ANALYST)))
        yield connection


def reads_no_tenant(connection: Connection) -> bool:
    """Return whether row-level security hides every row from this login.

    An empty answer and an answer that row-level security emptied look the same to a person.
    """
    known = connection.execute("select to_regclass('ops.reader_tenants') is not null").fetchone()
    if known is None or not known[0]:
        return False
    query = "select from ops.reader_tenants where reader = current_user limit 1"
    return connection.execute(query).fetchone() is None


def _bound(connection: Connection) -> None:
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
