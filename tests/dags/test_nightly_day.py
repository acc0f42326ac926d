"""Which day a DAG run means: each of the traps that Airflow's dates set, one test."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from meterr_etl import dag_tasks
from meterr_etl.dag_rules import nightly_window, note_of
from meterr_etl.errors import InputError
from meterr_etl.window import Window

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def day_of(
    *, run_type: str = "scheduled", logical_date: datetime | None = None, day: str | None = None
) -> date:
    window = nightly_window(run_type=run_type, logical_date=logical_date, day=day, now=NOW)
    assert window == Window.of_day(window.start.date())
    return window.start.date()


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
def test_the_logical_date_says_the_day(run_type: str) -> None:
    assert day_of(run_type=run_type, logical_date=at(10)) == date(2026, 11, 10)


def test_a_manual_run_takes_its_day_parameter() -> None:
    assert day_of(run_type="manual", day="2026-11-05") == date(2026, 11, 5)


def test_the_form_fills_in_the_present_moment_and_the_day_wins_over_it() -> None:
    assert day_of(run_type="manual", logical_date=at(21, 11, 58), day="2026-11-05") == date(
        2026, 11, 5
    )


def test_a_manual_run_of_a_reused_interval_means_its_logical_date(monkeypatch) -> None:
    # A single run dated the 5th gets the data interval of the 4th, and a later backfill that
    # reuses it would run the 4th twice and the 5th never, all of it green.
    seen = _extracted_windows(monkeypatch)
    context = {
        "dag_run": SimpleNamespace(
            run_type="backfill", run_id="manual__2026-11-05", logical_date=at(5)
        ),
        "params": {"day": None, "source": "supabase", "reason": None},
        "data_interval_start": at(4),
        "data_interval_end": at(5),
    }
    dag_tasks.start_run(context)
    assert seen == [Window.of_day(date(2026, 11, 5))]


def test_a_manual_run_without_any_date_has_to_name_its_day() -> None:
    with pytest.raises(InputError, match="neither a logical date nor a `day`"):
        day_of(run_type="manual")


def test_a_manual_run_of_the_present_moment_names_no_day() -> None:
    with pytest.raises(InputError, match="not midnight UTC"):
        day_of(run_type="manual", logical_date=at(20, 11, 58))


def test_a_backfill_whose_dates_were_read_in_new_york_is_refused() -> None:
    new_york = timezone(timedelta(hours=-5))
    with pytest.raises(InputError, match="not midnight UTC"):
        day_of(run_type="backfill", logical_date=datetime(2026, 11, 10, tzinfo=new_york))


def test_midnight_utc_is_midnight_in_whatever_zone_it_is_written() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 10, 9, tzinfo=tokyo)
    assert day_of(logical_date=moment) == date(2026, 11, 10)


def test_a_backfill_refuses_a_day_that_would_reach_each_of_its_runs() -> None:
    with pytest.raises(InputError, match="replace each of its days"):
        day_of(run_type="backfill", logical_date=at(10), day="2026-11-05")


def test_a_run_may_not_take_the_place_of_another_day() -> None:
    # It would occupy the 10th, and a backfill of missing days would leave the 10th out.
    with pytest.raises(InputError, match="logical date is 2026-11-10, but its `day` is 2026-11-05"):
        day_of(run_type="manual", logical_date=at(10), day="2026-11-05")


@pytest.mark.parametrize("day", ["2026-11-21", "2026-11-22", "2030-01-01"])
def test_a_day_that_is_not_over_is_refused(day: str) -> None:
    with pytest.raises(InputError, match="not over yet"):
        day_of(run_type="manual", day=day)
    with pytest.raises(InputError, match="not over yet"):
        day_of(run_type="backfill", logical_date=datetime.fromisoformat(f"{day}T00:00:00+00:00"))


def test_the_day_that_just_ended_is_run() -> None:
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    window = nightly_window(run_type="scheduled", logical_date=at(20), day=None, now=midnight)
    assert window.end == midnight


@pytest.mark.parametrize("text", ["11/05/2026", "2026-11-31", "yesterday", "2026-11-05T00:00"])
def test_a_day_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a date"):
        day_of(run_type="manual", day=text)


def test_the_note_of_a_run_names_its_day_and_not_its_interval() -> None:
    assert note_of(at(10), {}) == "UTC day 2026-11-10"
    assert note_of(None, {"day": "2026-11-05", "reason": "late prices"}) == (
        "UTC day 2026-11-05: late prices"
    )


def test_the_ledger_is_told_the_airflow_run_and_the_reason(monkeypatch) -> None:
    calls: list[dict[str, Any]] = []
    _extracted_windows(monkeypatch, calls)
    context = {
        "dag_run": SimpleNamespace(run_type="manual", run_id="manual__x", logical_date=None),
        "params": {"day": "2026-11-05", "source": "supabase", "reason": "prices were late"},
    }
    assert dag_tasks.start_run(context) == "run1"
    assert calls == [
        {
            "source": "supabase",
            "trigger": "airflow",
            "reason": "prices were late",
            "orchestrator_run_id": "manual__x",
        }
    ]


def _extracted_windows(monkeypatch, calls: list[dict[str, Any]] | None = None) -> list[Window]:
    windows: list[Window] = []

    def extract(source: str, window: Window, **rest: Any) -> str:
        windows.append(window)
        if calls is not None:
            calls.append({"source": source, **rest})
        return "run1"

    monkeypatch.setattr(dag_tasks.pipeline, "extract", extract)
    monkeypatch.setattr(dag_tasks, "_recorded_metrics", lambda run_id, step: {"rows_read": 1})
    return windows
