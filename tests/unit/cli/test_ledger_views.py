"""`status` and `quarantine list` tell the ledger's truth: watermarks, holes, failed runs too."""

from __future__ import annotations

import json
from datetime import date, timedelta

import psycopg
import pytest

FIRST = date(2026, 11, 10)


@pytest.fixture
def ledger(warehouse_db):
    """A function that records the night of FIRST + n days as it ended."""

    def record(offset: int, status: str, *, reasons: tuple[str, ...] = ()) -> str:
        start, run_id = FIRST + timedelta(days=offset), f"run{offset}{status}"
        window = {"id": run_id, "start": start, "end": start + timedelta(days=1)}
        with psycopg.connect(warehouse_db) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(
                "insert into ops.runs (run_id, source, window_start, window_end, trigger, status)"
                " values (%(id)s, 'supabase', %(start)s, %(end)s, 'test', %(status)s)",
                {**window, "status": status},
            )
            connection.execute(
                "insert into ops.run_verdicts"
                " values (%(id)s, 'new', 7), (%(id)s, 'dead', %(dead)s)",
                {**window, "dead": 1 if reasons else 0},
            )
            if status == "published":
                connection.execute(
                    "with p as (insert into ops.publications (run_id) values (%(id)s) returning *)"
                    " insert into ops.windows (source, window_start, window_end, run_id,"
                    " publication_no, rows_read, dead_count) select 'supabase', %(start)s, %(end)s,"
                    " %(id)s, publication_no, 7, 0 from p",
                    window,
                )
            if reasons:
                connection.execute(
                    "insert into staging.dead_letters (run_id, source, source_event_id, reasons,"
                    " raw) values (%s, 'supabase', 'e1', %s, '{\"id\": \"e1\"}')",
                    (run_id, list(reasons)),
                )
        return run_id

    return record


def test_the_watermark_stops_at_the_first_hole_and_the_hole_is_named(meterr, ledger):
    for offset, status in enumerate(["published", "published", "failed", "published"]):
        ledger(offset, status)
    outcome = meterr("status", "--json")
    assert outcome.code == 0
    (source,) = json.loads(outcome.out)["sources"]
    assert source["watermark"].startswith("2026-11-12T00:00")
    assert source["last_window_end"].startswith("2026-11-14T00:00")
    assert source["holes"] == ["2026-11-12T00:00/2026-11-13T00:00"]


def test_a_failed_first_night_is_a_hole_although_nothing_stands_before_it(meterr, ledger):
    ledger(0, "failed")
    ledger(1, "published")
    (source,) = json.loads(meterr("status", "--json").out)["sources"]
    assert source["holes"] == ["2026-11-10T00:00/2026-11-11T00:00"]


def test_a_source_without_holes_says_so(meterr, ledger):
    ledger(0, "published")
    (source,) = json.loads(meterr("status", "--json").out)["sources"]
    assert (source["holes"], source["open_runs"]) == ([], 0)


def test_one_day_shows_only_the_runs_whose_window_touches_it(meterr, ledger):
    ledger(0, "published")
    ledger(1, "failed")
    shown = json.loads(meterr("status", "--day", "2026-11-11", "--json").out)
    assert [run["run_id"] for run in shown["runs"]] == ["run1failed"]
    assert shown["runs"][0]["rows_read"] == 7


def test_a_person_reads_status_as_tables(meterr, ledger):
    ledger(0, "published")
    outcome = meterr("status")
    assert outcome.code == 0
    for title in ("Sources", "Published days", "Runs"):
        assert title in outcome.out


def test_a_person_reads_why_the_nights_of_a_day_failed(meterr, ledger, warehouse_db):
    run_id = ledger(0, "failed")
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("update ops.runs set failed_step = 'stage', error = 'The disk is full.'")
    shown = meterr("status", "--day", str(FIRST)).out
    assert "Why runs failed" in shown
    assert "The disk is full." in shown
    assert run_id in shown


def test_the_quarantine_lists_rows_of_failed_runs_with_every_reason(meterr, ledger):
    run_id = ledger(0, "failed", reasons=("negative_leaf", "event_at_out_of_range"))
    shown = json.loads(meterr("quarantine", "list", "--json").out)
    assert {row["reason"]: row["row_count"] for row in shown["reasons"]} == {
        "negative_leaf": 1,
        "event_at_out_of_range": 1,
    }
    (row,) = shown["rows"]
    assert (row["run_id"], row["run_status"], row["raw"]) == (run_id, "failed", {"id": "e1"})


def test_the_quarantine_can_be_narrowed_to_a_run_a_source_or_a_day(meterr, ledger):
    ledger(0, "failed", reasons=("a",))
    ledger(1, "published", reasons=("b",))

    def reasons(*narrowed: str) -> list[str]:
        shown = json.loads(meterr("quarantine", "list", *narrowed, "--json").out)
        return sorted(row["reason"] for row in shown["reasons"])

    assert reasons() == ["a", "b"]
    assert reasons("--run", "run1published") == ["b"]
    assert reasons("--day", "2026-11-10") == ["a"]
    assert reasons("--source", "litellm") == []


@pytest.mark.usefixtures("warehouse_db")
def test_an_empty_ledger_is_no_error(meterr):
    assert meterr("status").code == 0
    assert "Rows: none" in meterr("quarantine", "list").out


@pytest.mark.usefixtures("warehouse_db")
def test_a_report_of_an_empty_ledger_says_what_to_run(meterr):
    outcome = meterr("report")
    assert outcome.code == 6
    assert "meterr run" in outcome.told()
