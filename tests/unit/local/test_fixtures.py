"""What the shared fixtures promise to every other test."""

import psycopg


def test_a_fresh_warehouse_bears_the_migrated_schema_and_its_grants(warehouse_db):
    with psycopg.connect(warehouse_db) as connection:
        assert connection.execute("select count(*) from ops.runs").fetchone() == (0,)
        granted = connection.execute(
            "select has_database_privilege('meterr_transformer', current_database(), 'create')"
        )
        assert granted.fetchone() == (True,)


def test_source_and_warehouse_are_two_databases(warehouse_db, source_db):
    assert warehouse_db != source_db
    with psycopg.connect(source_db) as connection:
        assert connection.execute("select to_regclass('ops.runs')").fetchone() == (None,)
