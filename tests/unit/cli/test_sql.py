"""`meterr sql` shows what an analyst may see, and can change nothing."""

from __future__ import annotations

import json

import psycopg
import pytest


@pytest.mark.usefixtures("warehouse_db")
def test_it_asks_as_the_analyst_and_not_as_the_owner(meterr):
    outcome = meterr("sql", "select current_user as who", "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, [{"who": "meterr_analyst"}])


@pytest.mark.usefixtures("warehouse_db")
def test_numbers_of_money_survive_json_to_the_last_digit(meterr):
    outcome = meterr("sql", "select 0.1234567890123456789012345::numeric as cost", "--json")
    assert json.loads(outcome.out) == [{"cost": "0.1234567890123456789012345"}]


@pytest.mark.usefixtures("warehouse_db")
def test_a_person_gets_a_table(meterr):
    outcome = meterr("sql", "select 'North' as tenant_name, 12.50::numeric as cost")
    assert outcome.code == 0
    assert "tenant_name" in outcome.out
    assert "12.50" in outcome.out


@pytest.mark.usefixtures("warehouse_db")
def test_a_long_answer_is_cut_and_says_so_on_stderr(meterr):
    outcome = meterr("sql", "select * from generate_series(1, 9)", "--limit", "3", "--json")
    assert len(json.loads(outcome.out)) == 3
    assert "--limit 0" in outcome.err
    assert len(json.loads(meterr("sql", "select 1 from generate_series(1, 9)", "--limit", "0",
                                 "--json").out)) == 9  # fmt: skip


@pytest.mark.usefixtures("warehouse_db")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select nosuch from ops.published_days", 'column "nosuch" does not exist'),
        ("selec 1", "syntax error"),
        ("select 'x'::int", "invalid input syntax"),
        ("create table marts.mine (a int)", "only reads"),
        ("set timezone = 'UTC'", "returns no rows"),
        ("select * from ops.runs", "permission denied"),
    ],
)
def test_a_query_that_fails_is_explained(meterr, query, expected):
    outcome = meterr("sql", query)
    assert outcome.code == 2
    assert expected in outcome.told()


def test_an_analyst_url_of_ones_own_is_used_and_reads_only(
    meterr, warehouse_db, source_db, monkeypatch
):
    monkeypatch.setenv("METERR_ANALYST_URL", source_db)
    name = psycopg.conninfo.conninfo_to_dict(source_db)["dbname"]
    outcome = meterr("sql", "select current_database() as name", "--json")
    assert json.loads(outcome.out) == [{"name": name}]
    assert meterr("sql", "create table t (a int)").code == 2


def test_an_answer_emptied_by_row_policies_is_told_from_an_empty_one(meterr, warehouse_db):
    asked = ["sql", "select tenant_id from marts.usage_by_team_daily"]
    assert "reads no tenant" in meterr(*asked).err
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("insert into ops.reader_tenants values ('meterr_analyst', '*')")
    assert meterr(*asked).err == ""
