"""The staging tables hold exactly the columns that the event calls for, and no others."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from meterr_etl.contract.columns import (
    EVENT_COLUMNS,
    OWNER_COLUMNS,
    OWNER_FIELDS,
    RUN_COLUMNS,
    SKU_COLUMNS,
    SKU_FIELDS,
    Column,
    canonical_columns,
)
from meterr_etl.contract.token_event import mapped_fields
from meterr_etl.contract.verdict_sql import compile_verdict

SHORT_TYPES = {"timestamp with time zone": "timestamptz"}


def columns_of(url: str, table: str) -> list[Column]:
    """The columns that a migrated warehouse really has, in order."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
            [table],
        ).fetchall()
    return [Column(name, SHORT_TYPES.get(kind, kind), required) for name, kind, required in found]


def by_name(columns: object) -> dict[str, Column]:
    return {column.name: column for column in columns}


@pytest.mark.parametrize(
    ("table", "extra"),
    [
        ("staging.token_events", []),
        ("staging.token_event_revisions", [Column("superseded_by_run_no", "integer", True)]),
    ],
)
def test_event_tables_match_the_event_in_both_directions(warehouse_db, table, extra):
    assert by_name(columns_of(warehouse_db, table)) == by_name([*EVENT_COLUMNS, *extra])


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    [
        ("staging.owners", "owner_key", OWNER_COLUMNS),
        ("staging.skus", "sku_key", SKU_COLUMNS),
    ],
)
def test_dimension_tables_match_the_event_in_both_directions_and_in_order(
    warehouse_db, table, key, columns
):
    assert columns_of(warehouse_db, table) == [Column(key, "bigint", True), *columns]


def lines_of_view(connection: psycopg.Connection, view: str) -> list[str]:
    """What a view selects, one column a line, in no order."""
    row = connection.execute("select pg_get_viewdef(%s::regclass, 0)", [view]).fetchone()
    return sorted(line.strip(" ,;") for line in row[0].removeprefix(" SELECT").splitlines())


def test_the_view_of_canonical_events_reads_as_the_contract_says(warehouse_db):
    of_contract = sql.SQL("create temp view read as select {} from staging.token_events as e")
    with psycopg.connect(warehouse_db) as connection:
        connection.execute(of_contract.format(canonical_columns("e")))
        said, stands = (
            lines_of_view(connection, view) for view in ("read", "staging.canonical_events")
        )
    assert stands == said


def test_a_staging_row_fills_every_column_but_those_of_the_run():
    filled = compile_verdict(dict.fromkeys(mapped_fields(), "text")).staging_row
    assert set(filled) == {column.name for column in EVENT_COLUMNS} - set(RUN_COLUMNS)


def test_owner_and_sku_fields_are_disjoint():
    assert set(OWNER_FIELDS).isdisjoint(SKU_FIELDS)
