"""`run` and `backfill` hand the right windows to the pipeline and report how each ended."""

from __future__ import annotations

import json

import pytest

from meterr_etl import imports, pipeline
from meterr_etl import nights as running
from meterr_etl.errors import GateFailedError, SourceUnavailableError
from meterr_etl.window import daily_windows


@pytest.fixture
def nights(monkeypatch):
    """What the pipeline was asked to run; it can be told to fail on some windows."""
    asked: list[str] = []
    failing: dict[str, Exception] = {}
    imported: list[int] = []

    def run_window(source, window, *, trigger="cli", reason=None):
        asked.append(f"{source} {window} {reason}")
        if str(window) in failing:
            raise failing[str(window)]
        return f"id{len(asked)}"

    def backfill(source, first, last, *, parallel=1, reason=None, initializer=None):
        asked.append(f"{source} {first}..{last} parallel={parallel} {reason}")
        windows = daily_windows(first, last)
        return {w: failing.get(str(w), f"id of {w}") for w in windows}

    monkeypatch.setattr(pipeline, "run_window", run_window)
    monkeypatch.setattr(running, "backfill", backfill)
    monkeypatch.setattr(imports, "import_ahead", lambda names: imported.append(len(asked)))
    run_window.asked, run_window.failing, run_window.imported = asked, failing, imported
    return run_window


def test_run_excludes_its_end(meterr, nights):
    outcome = meterr("run", "--start", "2026-11-10", "--end", "2026-11-12", "--json")
    assert outcome.code == 0
    assert nights.asked == ["supabase 2026-11-10 None", "supabase 2026-11-11 None"]
    assert [night["run_id"] for night in json.loads(outcome.out)] == ["id1", "id2"]


def test_run_imports_once_beside_its_first_night(meterr, nights):
    meterr("run", "--start", "2026-11-10", "--end", "2026-11-12")
    assert nights.imported == [0]


def test_run_without_an_end_is_one_day(meterr, nights):
    meterr("run", "--start", "2026-11-10", "--source", "litellm", "--reason", "late rows")
    assert nights.asked == ["litellm 2026-11-10 late rows"]


def test_run_stops_at_the_first_night_that_fails_with_its_exit_code(meterr, nights):
    nights.failing["2026-11-10"] = GateFailedError("Volume fell.", remedy="Look at the source.")
    outcome = meterr("run", "--start", "2026-11-10", "--end", "2026-11-13")
    assert outcome.code == 4
    assert outcome.told() == "Volume fell. Look at the source."
    assert len(nights.asked) == 1


def test_backfill_includes_its_end(meterr, nights):
    outcome = meterr(
        "backfill", "--start", "2026-11-10", "--end", "2026-11-11", "--parallel", "3", "--json"
    )
    assert outcome.code == 0
    assert nights.asked == ["supabase 2026-11-10..2026-11-11 parallel=3 None"]
    assert [night["outcome"] for night in json.loads(outcome.out)] == ["published"] * 2


def test_backfill_reports_every_night_and_fails_if_one_did(meterr, nights):
    nights.failing["2026-11-11"] = SourceUnavailableError("The source is gone.")
    outcome = meterr("backfill", "--start", "2026-11-10", "--end", "2026-11-12", "--json")
    assert outcome.code == 3
    told = {night["window"]: night["outcome"] for night in json.loads(outcome.out)}
    assert told == {
        "2026-11-10": "published",
        "2026-11-11": "The source is gone.",
        "2026-11-12": "published",
    }
    assert "1 of 3 nights were not published" in outcome.err
