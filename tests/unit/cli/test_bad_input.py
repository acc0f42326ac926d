"""Whatever a person gets wrong ends in one sentence with the remedy, and nothing half done."""

from __future__ import annotations

import errno
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

# Read when a test runs: a suite that was collected before midnight runs on after it.
FROM_TODAY = {"TODAY": 0, "TOMORROW": 1}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--start", "2026-13-45"], "'2026-13-45' is not a date. Write it as YYYY-MM-DD"),
        (["run", "--start", "yesterday"], "'yesterday' is not a date."),
        (["run", "--start", "2026-11-14", "--end", "2026-11-14"], "The end is not included"),
        (["run", "--start", "2026-11-15", "--end", "2026-11-14"], "ends at 2026-11-14"),
        (["run", "--end", "2026-11-14"], "without --start"),
        (["run", "--start", "TODAY", "--end", "TOMORROW"], "is not over yet"),
        (["run", "--resume", "x", "--start", "2026-11-14"], "--resume goes without dates"),
        (["backfill", "--start", "2026-11-15", "--end", "2026-11-14"], "Give the earlier day"),
        (["backfill", "--start", "2026-11-14", "--end", "11/15/2026"], "is not a date"),
        (
            ["backfill", "--start", "2026-11-14", "--end", "2026-11-14", "--parallel", "0"],
            "Give 1 to 16",
        ),
        (["backfill", "--start", "TODAY", "--end", "TODAY"], "is not over yet"),
        (["status", "--day", "tomorrow"], "'tomorrow' is not a date."),
        (["seed", "--days", "0"], "Give 1 to 366 days"),
        (["seed", "--start", "nope"], "'nope' is not a date."),
        (["source", "check", "nosuch"], "There is no source 'nosuch'."),
    ],
)
def test_a_slip_of_the_pen_is_named_before_anything_is_asked_of_a_server(
    meterr, arguments, expected
):
    today = datetime.now(UTC).date()
    dated = [
        str(today + timedelta(days=FROM_TODAY[it])) if it in FROM_TODAY else it for it in arguments
    ]
    outcome = meterr(*dated)
    assert outcome.code == 2
    assert expected in outcome.told()
    assert outcome.out == ""


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["run", "--nosuch"], ["backfill"], ["sql"], ["source", "check"]]
)
def test_a_command_that_can_not_be_read_exits_with_usage_and_no_traceback(meterr, arguments):
    outcome = meterr(*arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert "--help" in outcome.err


def test_without_a_warehouse_the_variable_to_set_is_named(meterr):
    outcome = meterr("status")
    assert outcome.code == 2
    assert "METERR_WAREHOUSE_URL is not set" in outcome.told()


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["migrate"],
        ["sql", "select 1"],
        ["prices", "sync"],
        ["quarantine", "list"],
        ["run", "--start", "2026-11-14"],
    ],
)
def test_an_unreachable_warehouse_is_told_apart_from_a_mistake(meterr, monkeypatch, arguments):
    monkeypatch.setenv("METERR_WAREHOUSE_URL", "postgresql://me:secret@127.0.0.1:1/warehouse")
    outcome = meterr(*arguments)
    assert outcome.code == 3
    assert "can't be reached" in outcome.err
    assert "secret" not in outcome.err
    assert "Traceback" not in outcome.err


def test_an_unreachable_source_is_named_as_the_source(meterr, monkeypatch):
    monkeypatch.setenv("METERR_SOURCE_URL", "postgresql://me:secret@127.0.0.1:1/source")
    outcome = meterr("source", "check", "supabase")
    assert outcome.code == 3
    assert "source 'supabase' can't be reached" in outcome.told()


def test_a_url_that_is_none_is_not_repeated_with_its_password(meterr, monkeypatch):
    monkeypatch.setenv("METERR_WAREHOUSE_URL", "postgres//me:secret@nowhere")
    outcome = meterr("status")
    assert outcome.code == 2
    assert "secret" not in outcome.told()


def test_a_malformed_setting_is_named(meterr, monkeypatch):
    monkeypatch.setenv("METERR_CANDIDATE_SLOTS", "many")
    outcome = meterr("status")
    assert outcome.code == 2
    assert "candidate_slots" in outcome.told()


def test_an_empty_database_is_told_to_be_migrated(meterr, source_db, monkeypatch):
    monkeypatch.setenv("METERR_WAREHOUSE_URL", source_db)
    outcome = meterr("status")
    assert outcome.code == 6
    assert "meterr migrate" in outcome.told()


def test_a_source_without_the_table_fails_the_check_with_its_name(meterr, source_db):
    outcome = meterr("source", "check", "supabase", "--json")
    assert outcome.code == 2
    assert "token_usage" in outcome.told()


def test_a_run_of_a_source_without_the_table_leaves_a_failed_run_and_nothing_else(
    meterr, warehouse_db, source_db
):
    outcome = meterr("run", "--start", "2026-11-14")
    assert outcome.code == 2
    assert "token_usage" in outcome.err
    assert "Traceback" not in outcome.err
    with psycopg.connect(warehouse_db) as connection:
        runs = connection.execute("select status, failed_step from ops.runs").fetchall()
        assert runs == [("failed", "extract")]
        left = "select count(*) from pg_tables where schemaname = 'landing'"
        assert connection.execute(left).fetchone() == (0,)
        assert connection.execute("select count(*) from ops.windows").fetchone() == (0,)


def test_seed_does_not_write_to_another_machine_unasked(meterr, monkeypatch):
    monkeypatch.setenv("METERR_SOURCE_URL", "postgresql://me@db.example.com/postgres")
    outcome = meterr("seed")
    assert outcome.code == 2
    assert "--allow-remote" in outcome.told()


def test_a_run_that_is_unknown_can_not_be_resumed_or_reported(meterr, warehouse_db):
    for arguments in (["run", "--resume", "nosuchrun"], ["report", "--run", "nosuchrun"]):
        outcome = meterr(*arguments)
        assert outcome.code == 6
        assert "no run 'nosuchrun'" in outcome.told()


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (psycopg.errors.DiskFull("could not extend file"), 3, "disk is full"),
        (psycopg.errors.QueryCanceled("canceling statement"), 3, "was cancelled"),
        (psycopg.errors.AdminShutdown("terminating connection"), 3, "went away"),
        (psycopg.OperationalError("server closed the connection"), 3, "connection to the database"),
        (psycopg.errors.InsufficientPrivilege("permission denied for table x"), 2, "may not do"),
        (psycopg.errors.LockNotAvailable("canceling due to lock timeout"), 5, "Another session"),
        (psycopg.errors.TooManyConnections("sorry, too many clients"), 3, "no connection left"),
        (psycopg.errors.DivisionByZero("division by zero"), 1, "SQLSTATE 22012"),
        (OSError(errno.ENOSPC, "No space left on device"), 3, "The disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "/x is closed to you"),
    ],
)
def test_what_a_server_or_disk_refuses_becomes_a_sentence(
    meterr, monkeypatch, error, code, expected
):
    def refuse():
        raise error

    monkeypatch.setattr("meterr_etl.pricing.sync.sync_rates", refuse)
    outcome = meterr("prices", "sync")
    assert outcome.code == code
    assert expected in outcome.told()


def test_a_bug_is_one_sentence_and_its_traceback_a_private_file(meterr, monkeypatch):
    monkeypatch.setattr("meterr_etl.pricing.sync.sync_rates", lambda: 1 / 0)
    outcome = meterr("prices", "sync")
    assert outcome.code == 70
    kept = Path(re.search(r"file (\S+)\.$", outcome.told()).group(1))
    try:
        assert "ZeroDivisionError" in kept.read_text()
        assert kept.stat().st_mode & 0o077 == 0
    finally:
        kept.unlink()
