"""`export focus` says what it wrote and what it left out; what it can't do is one sentence."""

from __future__ import annotations

import csv
import json

import psycopg
import pytest

PRICED_AND_NOT = """
insert into ops.runs (run_id, source, window_start, window_end, trigger, status)
values ('metered1', 'canonical', '2026-10-01 00:00+00', '2026-10-02 00:00+00', 'test', 'published');
insert into ops.publications (run_id) values ('metered1');
insert into ops.windows
    (source, window_start, window_end, run_id, publication_no, rows_read, dead_count)
select source, window_start, window_end, run_id, 1, 0, 0 from ops.runs;
insert into ops.published_days
    (event_date, version, run_id, publication_no, reference_version, event_count, late_event_count)
values ('2026-10-01', 1, 'metered1', 1, 0, 0, 0);
create table marts.fct_usage_cost_daily_20261001
partition of marts.fct_usage_cost_daily for values in ('2026-10-01');
insert into marts.fct_usage_cost_daily
select
    '2026-10-01', 'acme', 'Acme', 't', 'T', 'p', 'P', 'CC', 'prod', 'chat', 'openai', 'gpt', 'eu',
    'default', 'sync', 'output', 'r', 'priced', 10, 0.5, 5, 5, 5, 5, 'USD';
insert into marts.unpriced_usage_daily
values ('2026-10-01', 'acme', 'Acme', 'openai', 'llama', 'output', 7, 'unknown_model');
insert into ops.reader_tenants values ('meterr_analyst', '*');
"""


@pytest.fixture
def october(warehouse_db, tmp_path, monkeypatch):
    """One priced line and one without a price, and the current folder is the test's own."""
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(PRICED_AND_NOT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_period_is_written_under_a_name_of_ours_and_warns_of_what_has_no_price(meterr, october):
    outcome = meterr("export", "focus", "--month", "2026-10", "--format", "csv", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out) == {
        "month": "2026-10",
        "lines": 1,
        "file": "focus-1.2-2026-10.csv",
        "is_closed": False,
        "left_out": {"lines": 1, "quantity": "7"},
    }
    (row,) = csv.DictReader((october / "focus-1.2-2026-10.csv").read_text().splitlines())
    assert (row["BilledCost"], row["SubAccountName"], row["SkuId"]) == ("5", "P", "")
    assert "1 lines of 2026-10 (7 tokens or calls) have no price and were left out" in outcome.err
    assert "The billing period 2026-10 is open: its charges may still change." in outcome.err


def test_allocated_charges_are_a_file_of_their_own(meterr, october, warehouse_db):
    with psycopg.connect(warehouse_db) as connection:
        connection.execute(
            "insert into marts.fct_allocated_cost_daily (charge_date, tenant_id, cost_center,"
            " team_id, project_id, pool, allocation_status, rule_version, share_numerator,"
            " share_denominator, effective_cost, billing_currency) values ('2026-10-01', 'acme',"
            " 'CC', 't', 'unassigned', 'p', 'allocated', 7, 1, 1, 5, 'USD')"
        )
    call = ("export", "focus", "--month", "2026-10", "--format", "csv", "--allocated")
    assert meterr(*call).code == 0
    (row,) = csv.DictReader((october / "focus-allocated-2026-10.csv").read_text().splitlines())
    assert (row["EffectiveCost"], row["AllocatedResourceId"]) == ("5", "t")
    assert row["AllocatedMethodId"] == "rules 7: p"


def test_a_file_is_parquet_unless_told_otherwise(meterr, october):
    outcome = meterr("export", "focus", "--month", "2026-10", "--output", "charges")
    assert outcome.code == 0
    assert (october / "charges").read_bytes()[:4] == b"PAR1"
    assert "charges" in outcome.out


def test_a_tenants_file_bears_its_name(meterr, october):
    call = ("export", "focus", "--month", "2026-10", "--format", "csv", "--tenant", "a/b")
    assert meterr(*call).code == 0
    assert [file.name for file in october.iterdir()] == ["focus-1.2-2026-10-a_b.csv"]


def test_strict_fails_and_writes_nothing(meterr, october):
    outcome = meterr("export", "focus", "--month", "2026-10", "--strict")
    assert outcome.code == 6
    assert "have no price, so nothing was exported" in outcome.told()
    assert list(october.iterdir()) == []


@pytest.mark.parametrize("month", ["2026-13", "October", "2026-10-01"])
def test_a_month_that_is_none_is_named(meterr, month):
    outcome = meterr("export", "focus", "--month", month)
    assert outcome.code == 2
    assert f"'{month}' is not a month" in outcome.told()


def test_a_file_that_can_not_be_written_is_named(meterr, october):
    outcome = meterr("export", "focus", "--month", "2026-10", "--output", "nowhere/x.csv")
    assert outcome.code == 2
    assert "The folder nowhere does not exist." in outcome.told()
