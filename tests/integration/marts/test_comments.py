"""Whoever opens the warehouse with a SQL client reads there what each table and column holds."""

from __future__ import annotations

import psycopg

TABLES = """
select c.oid::regclass::text
from pg_class as c
where c.relnamespace in ('marts'::regnamespace, 'ops'::regnamespace, 'reference'::regnamespace,
        'staging'::regnamespace)
    and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and coalesce(obj_description(c.oid, 'pg_class'), '') = ''
"""
COLUMNS = """
select c.oid::regclass::text || '.' || a.attname
from pg_class as c
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace in ('marts'::regnamespace, 'reference'::regnamespace)
    and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and coalesce(col_description(c.oid, a.attnum), '') = ''
"""


def test_every_table_says_what_it_holds(warehouse_db: str) -> None:
    with psycopg.connect(warehouse_db) as connection:
        assert connection.execute(TABLES).fetchall() == []


def test_every_column_that_people_read_says_what_it_means(warehouse_db: str) -> None:
    with psycopg.connect(warehouse_db) as connection:
        assert connection.execute(COLUMNS).fetchall() == []
