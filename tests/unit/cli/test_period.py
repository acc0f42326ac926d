"""`period` closes, lists and verifies; what it can't do ends in one sentence with the remedy."""

from __future__ import annotations

import json

import psycopg
import pytest

METERED = """
insert into ops.runs (run_id, source, window_start, window_end, trigger, status)
values ('metered1', 'canonical', '2026-09-30 00:00+00', '2026-10-02 00:00+00', 'test', 'published');
insert into ops.publications (run_id) values ('metered1');
insert into ops.windows
    (source, window_start, window_end, run_id, publication_no, rows_read, dead_count)
select source, window_start, window_end, run_id, 1, 0, 0 from ops.runs;
insert into ops.published_days
    (event_date, version, run_id, publication_no, reference_version, event_count, late_event_count)
values ('2026-09-30', 1, 'metered1', 1, 0, 0, 0), ('2026-10-01', 1, 'metered1', 1, 0, 0, 0);
"""


@pytest.fixture
def metered(warehouse_db):
    """The last of September and the first of October are published, without any usage."""
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(METERED)
    return warehouse_db


@pytest.mark.parametrize("month", ["2026-13", "October", "2026-10-01", "2026", "10-2026"])
@pytest.mark.parametrize("command", ["close", "verify"])
def test_a_month_that_is_none_is_named_before_anything_is_asked_of_a_server(meterr, command, month):
    outcome = meterr("period", command, month)
    assert outcome.code == 2
    assert f"'{month}' is not a month. Write it as YYYY-MM" in outcome.told()


def test_a_period_that_is_not_over_says_when_to_close_it(meterr):
    outcome = meterr("period", "close", "2999-12")
    assert outcome.code == 2
    assert "2999-12 is not over yet. Close it after 2999-12-31" in outcome.told()


@pytest.mark.usefixtures("warehouse_db")
def test_where_nothing_is_published_there_is_nothing_to_close(meterr):
    outcome = meterr("period", "close", "2026-09")
    assert outcome.code == 6
    assert "Nothing is published that 2026-09 could bill. See `meterr status`." in outcome.told()
    assert json.loads(meterr("period", "list", "--json").out) == {"billing_periods": []}


@pytest.mark.usefixtures("metered")
def test_a_period_is_closed_listed_and_verified(meterr):
    closed = meterr("period", "close", "2026-09", "--json")
    assert closed.code == 0
    period = json.loads(closed.out)
    assert (period["billing_month"], period["line_count"], period["was_closed"]) == (
        "2026-09-01", 0, False,
    )  # fmt: skip
    listed = json.loads(meterr("period", "list", "--json").out)["billing_periods"]
    assert [(row["billing_month"], row["state"], row["certificate"]) for row in listed] == [
        ("2026-09-01", "closed", period["certificate"]),
        ("2026-10-01", "open", None),
    ]
    verified = meterr("period", "verify", "2026-09", "--json")
    assert verified.code == 0
    found = json.loads(verified.out)
    assert (found["tampered"], found["differences"]) == ([], [])
    assert found["certificate"][0]["certificate"] == period["certificate"]


@pytest.mark.usefixtures("metered")
def test_a_period_that_was_closed_already_is_no_error(meterr):
    first = json.loads(meterr("period", "close", "2026-09", "--json").out)
    again = meterr("period", "close", "2026-09")
    assert again.code == 0
    assert "was closed already, on 20" in again.err
    assert first["certificate"] in again.out


@pytest.mark.usefixtures("metered")
def test_an_earlier_open_period_is_closed_first(meterr):
    outcome = meterr("period", "close", "2026-10")
    assert outcome.code == 6
    assert "Close it first: `meterr period close 2026-09`." in outcome.told()


@pytest.mark.usefixtures("metered")
def test_a_missing_window_is_named_with_the_command_that_publishes_it(meterr):
    meterr("period", "close", "2026-09")
    outcome = meterr("period", "close", "2026-10")
    assert outcome.code == 6
    assert "canonical 2026-10-02 to 2026-10-31 (never run)" in outcome.told()
    assert (
        "`meterr backfill --source canonical --start 2026-10-02 --end 2026-10-31`" in outcome.told()
    )


@pytest.mark.usefixtures("metered")
def test_an_open_period_can_not_be_verified(meterr):
    outcome = meterr("period", "verify", "2026-09")
    assert outcome.code == 6
    assert "2026-09 is not closed. See `meterr period list`." in outcome.told()


def test_tampering_is_shown_and_exits_with_a_code_of_its_own(meterr, metered):
    meterr("period", "close", "2026-09")
    with psycopg.connect(metered) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update ops.closed_periods set closed_by = 'somebody else'")
    outcome = meterr("period", "verify", "2026-09")
    assert outcome.code == 9
    assert "2026-09 is not what was certified: certificate." in outcome.err
    assert "Tampered" in outcome.out
