"""`report` of a month says what the marts say, to each reader of their own tenants."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import psycopg
import pytest

# In September core used 4. In October it used 6 and the platform 3, which core and sales bear.
MONTHS = """
set session_replication_role = replica;
insert into ops.runs (run_id, source, window_start, window_end, trigger, status)
values ('october1', 'canonical', '2026-09-01 00:00+00', '2026-11-01 00:00+00', 'test', 'published');
insert into ops.windows
    (source, window_start, window_end, run_id, publication_no, rows_read, dead_count)
select source, window_start, window_end, run_id, 1, 0, 0 from ops.runs;
insert into ops.published_days
    (event_date, version, run_id, publication_no, reference_version, event_count, late_event_count)
values ('2026-09-30', 1, 'october1', 1, 0, 0, 0), ('2026-10-01', 1, 'october1', 1, 0, 0, 0);
create temporary table used (day date, tenant text, team text, cost numeric);
insert into used values
    ('2026-09-30', 'acme', 'core', 4), ('2026-10-01', 'acme', 'core', 6.000000000000000000000001),
    ('2026-10-01', 'acme', 'platform', 3), ('2026-10-01', 'acme', 'dark', null),
    ('2026-10-01', 'globex', '=1+1', 50);
insert into marts.usage_by_team_daily (charge_date, tenant_id, tenant_name, team_id, team_name,
    cost_center, request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,
    unpriced_tokens, list_cost, contracted_cost, effective_cost, billed_cost, billing_currency)
select day, tenant, tenant, team, team, 'CC', 1, 1, 1, 0, 2, 0, cost, cost, cost, cost, 'USD'
from used;
insert into marts.chargeback_monthly (billing_month, tenant_id, tenant_name, team_id, team_name,
    cost_center, request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,
    unpriced_tokens, list_cost, contracted_cost, effective_cost, billed_cost, billing_currency,
    last_charge_date)
select date_trunc('month', day), tenant, tenant, team, team, 'CC', 1, 1, 1, 0, 2, 0,
    cost, cost, cost, cost, 'USD', day
from used;
insert into marts.fct_allocated_cost_daily (charge_date, tenant_id, tenant_name, team_id,
    team_name, cost_center, project_id, pool, allocation_status, billed_cost, effective_cost,
    billing_currency)
select day, tenant, tenant, team, team, 'CC', 'p', 'direct', 'direct', cost, cost, 'USD'
from used where team <> 'platform' and day >= '2026-10-01'
union all values
    (date '2026-10-01', 'acme', 'acme', 'core', 'core', 'CC', 'p', 'shared', 'allocated',
        2::numeric, 2::numeric, 'USD'),
    ('2026-10-01', 'acme', 'acme', 'sales', 'sales', 'CC', 'p', 'shared', 'allocated', 1, 1, 'USD');
insert into reference.budgets (tenant_id, name, scope, scope_id, first_month, amount, currency,
    warn_at_share, reference_version)
values ('acme', 'all', 'tenant', 'acme', '2026-10-01', 8, 'USD', 0.8, 1);
"""
CLOSE_OCTOBER = """
insert into ops.closed_periods values
    ('2026-09-01', now(), '', 0, '', 1, '{}', '', '', null, ''),
    ('2026-10-01', now(), '', 0, '', 1, '{}', '', '', null, '');
insert into marts.billed_totals (billing_month, charge_month, tenant_id, tenant_name, cost_center,
    team_id, team_name, line_count, request_count, billed_cost, billing_currency)
select billing_month, billing_month, tenant_id, tenant_name, cost_center, team_id, team_name, 1, 1,
    case when team_id = 'core' then 7 else billed_cost end, 'USD'
from marts.chargeback_monthly where billing_month = '2026-10-01';
"""


@pytest.fixture
def october(warehouse_db, tmp_path, monkeypatch):
    """Two months of two tenants; call it with a tenant to make the reader see it."""
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(MONTHS)

    def readable(tenant: str, also: str = "") -> None:
        with psycopg.connect(warehouse_db) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(
                "insert into ops.reader_tenants values ('meterr_analyst', %s)", [tenant]
            )
            connection.execute(also)  # type: ignore[call-overload]

    return readable


def charged(outcome) -> dict[str, tuple[str | None, ...]]:
    assert outcome.code == 0, outcome.err
    columns = ("direct_cost", "allocated_cost", "total_cost", "former_cost", "cost_change")
    rows = json.loads(outcome.out)["rows"]
    return {row["team_id"]: tuple(row[column] for column in columns) for row in rows}


CHARGEBACK = ("report", "chargeback", "--month", "2026-10")


def test_team_is_charged_its_own_and_its_part_of_what_is_shared(meterr, october):
    october("acme")
    rows = charged(meterr(*CHARGEBACK, "--json"))
    assert rows == {
        "core": (
            "6.000000000000000000000001", "2", "8.000000000000000000000001", "4",
            "4.000000000000000000000001",
        ),
        "sales": (None, "1", "1", None, None),
        "platform": ("0", None, "0", None, None),
        "dark": (None,) * 5,
    }  # fmt: skip


def test_charges_of_all_teams_are_what_the_tenant_used(meterr, october):
    october("acme")
    totals = [Decimal(row[2] or 0) for row in charged(meterr(*CHARGEBACK, "--json")).values()]
    assert sum(totals) == Decimal("9.000000000000000000000001")


def test_closed_month_is_charged_as_it_was_billed(meterr, october):
    october("acme", CLOSE_OCTOBER)
    outcome = meterr(*CHARGEBACK, "--json")
    assert json.loads(outcome.out)["is_closed"] is True
    assert Decimal(charged(outcome)["core"][2] or 0) == 9
    assert "direct costs are as billed" in outcome.err


def test_reader_of_one_tenant_sees_no_other(meterr, october):
    october("globex")
    assert set(charged(meterr(*CHARGEBACK, "--json"))) == {"=1+1"}
    assert charged(meterr(*CHARGEBACK, "--tenant", "acme", "--json")) == {}


def test_reader_of_all_sees_all_or_the_one_asked_for(meterr, october):
    october("*")
    of_acme = {"core", "sales", "platform", "dark"}
    assert set(charged(meterr(*CHARGEBACK, "--json"))) == {*of_acme, "=1+1"}
    assert set(charged(meterr(*CHARGEBACK, "--tenant", "globex", "--json"))) == {"=1+1"}


def test_reader_of_nothing_is_told_why_there_is_nothing(meterr, october):
    outcome = meterr(*CHARGEBACK)
    assert outcome.code == 0
    assert "This login reads no tenant yet" in outcome.err


def test_csv_disarms_the_name_of_a_team(meterr, october):
    october("globex")
    (row,) = csv.DictReader(meterr(*CHARGEBACK, "--format", "csv").out.splitlines())
    assert (row["team_name"], row["total_cost"], row["former_cost"]) == ("'=1+1", "50", "")


def test_page_is_written_under_a_name_of_ours(meterr, october, tmp_path):
    october("*")
    call = (*CHARGEBACK, "--format", "html", "--output", ".", "--tenant", "acme")
    outcome = meterr(*call)
    assert (outcome.code, outcome.out) == (0, "")
    page = (tmp_path / "chargeback-2026-10-acme.html").read_text()
    assert "8.000000000000000000000001" in page


def test_table_shows_numbers_whole_and_says_how_much_is_published(meterr, october):
    october("acme")
    outcome = meterr(*CHARGEBACK)
    assert "6.000000000000000000000001" in outcome.out
    assert "1 of 31 days are published." in outcome.err


def test_budgets_of_the_month_say_what_is_spent(meterr, october):
    october("acme")
    (row,) = json.loads(meterr("report", "budget", "--month", "2026-10", "--json").out)["rows"]
    assert (row["budget_cost"], row["cost_to_date"]) == ("8", "9.000000000000000000000001")
    assert (row["spent_percent"], row["budget_status"]) == ("112.50", "exceeded")


def test_savings_of_a_month_without_any_are_none(meterr, october):
    october("*")
    outcome = meterr("report", "savings", "--month", "2026-10")
    assert (outcome.code, outcome.out) == (0, "Savings 2026-10: none\n")


def test_table_can_not_be_written_to_a_file(meterr, october):
    outcome = meterr(*CHARGEBACK, "--output", "x")
    assert outcome.code == 2
    assert "--format csv, json or html" in outcome.told()


def test_report_of_a_month_is_not_of_a_run(meterr):
    outcome = meterr("report", "--run", "x", "savings", "--month", "2026-10")
    assert outcome.code == 2
    assert "not of one run" in outcome.told()
