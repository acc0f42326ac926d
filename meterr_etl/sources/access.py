"""Looks up what a login may see of a source's table, and which columns its indexes lead with."""

from __future__ import annotations

from dataclasses import dataclass

from meterr_etl.warehouse.connection import Connection

ACCESS_QUERY = """
select
    current_user::text,
    has_table_privilege(c.oid, 'select'),
    row_security_active(c.oid),
    array(
        select a.attname::text
        from pg_catalog.pg_index as i
        inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisvalid and i.indpred is null
    ),
    array(
        select a.attname::text
        from pg_catalog.pg_index as i
        inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisvalid and i.indpred is null
            and i.indisunique and i.indnkeyatts = 1
    )
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s
"""


@dataclass(frozen=True)
class Access:
    """What a login may do with one table.

    `is_filtered`: row-level security applies to it; `indexed` and `unique`: columns that lead a
    full index, or are the only key of a unique one.
    """

    login: str
    may_select: bool
    is_filtered: bool
    indexed: frozenset[str]
    unique: frozenset[str]


def read_access(connection: Connection, schema: str, table: str) -> Access:
    """Return what the connection's login may do with an existing table."""
    row = connection.execute(ACCESS_QUERY, (schema, table)).fetchone()
    login, may_select, is_filtered, indexed, unique = row or ("nobody", False, False, [], [])
    return Access(
        login=str(login),
        may_select=bool(may_select),
        is_filtered=bool(is_filtered),
        indexed=frozenset(indexed if isinstance(indexed, list) else ()),
        unique=frozenset(unique if isinstance(unique, list) else ()),
    )
