"""Every expectation of the landing gate goes red by its own planted fault, and by no other."""

import pytest

from meterr_etl.gates.landing import landing_checkpoint
from meterr_etl.gates.measuring import measure
from meterr_etl.ledger.runs import load_run
from meterr_etl.settings import settings

EMPTY_TENANT = (
    "update landing.supabase__RUN set organization_id = null"
    " where ctid in (select ctid from landing.supabase__RUN limit {})"
)


def test_rows_lost_between_source_and_landing_stop_the_run(night, red):
    night.plant("delete from landing.supabase__RUN where ctid = '(0,1)'")
    assert red("landing", stops=True) == {"rows_landed_equal_rows_read"}
    assert "45 rows landed of 46" in night.verdicts("landing")["rows_landed_equal_rows_read"][1]


def test_an_extract_that_left_no_count_is_no_proof_of_conservation(night, red):
    night.plant("update ops.run_steps set metrics = metrics - 'rows_read' where run_id = 'RUN'")
    assert red("landing", stops=True) == {"rows_landed_equal_rows_read"}


def test_a_missing_column_stops_the_run_and_names_the_line_that_needs_it(night, red):
    night.note(columns_missing=["model"])
    assert red("landing", stops=True) == {"needed_columns_present"}
    message = night.verdicts("landing")["needed_columns_present"][1]
    assert "model (needed at events.sql:20)" in message


def test_a_retyped_column_warns(night, red):
    night.note(columns_retyped={"input_tokens": "bigint -> text"})
    assert red("landing", stops=False) == {"column_types_as_declared"}
    message = night.verdicts("landing")["column_types_as_declared"][1]
    assert "input_tokens (bigint -> text)" in message


def test_an_unknown_column_is_noted_without_failing(night, red):
    night.note(columns_unknown=["reasoning_effort"])
    assert red("landing", stops=False) == set()
    assert "reasoning_effort" in night.verdicts("landing")["unknown_columns_noted"][1]


@pytest.mark.parametrize("usual", [231, 9])
def test_a_volume_outside_the_band_stops_the_run(night, red, usual):
    night.plant(f"update ops.windows set rows_read = {usual}")
    assert red("landing", stops=True) == {"volume_in_band", "volume_as_usual"}


@pytest.mark.parametrize("usual", [230, 77, 15, 10])
def test_a_volume_in_the_outer_half_of_the_band_warns(night, red, usual):
    night.plant(f"update ops.windows set rows_read = {usual}")
    assert red("landing", stops=False) == {"volume_as_usual"}


def test_the_band_is_the_sources_setting(night, red, monkeypatch):
    monkeypatch.setenv("METERR_SOURCES__SUPABASE__VOLUME_MAX_RATIO", "1.0")
    settings.cache_clear()
    night.plant("update ops.windows set rows_read = 40")
    assert red("landing", stops=True) == {"volume_in_band", "volume_as_usual"}


def test_volume_is_not_judged_by_two_windows(night):
    night.plant("delete from ops.windows where window_start < '2026-11-12'")
    assert night.judge("landing") is None
    assert night.outcomes("landing", "not judged") == {"volume_in_band", "volume_as_usual"}
    message = night.verdicts("landing")["volume_in_band"][1]
    assert message.startswith("Not judged: only 2 published windows")


@pytest.mark.parametrize(
    "unlike",
    [
        "source = 'litellm'",
        "window_start = window_start + '5 days', window_end = window_end + '5 days'",
        "window_end = window_start + interval '1 hour'",
    ],
    ids=["of another source", "after this window", "of another length"],
)
def test_windows_that_tell_nothing_of_this_one_are_not_counted(night, unlike):
    night.plant(f"update ops.windows set {unlike}, rows_read = 9000")
    assert night.judge("landing") is None
    assert "volume_in_band" in night.outcomes("landing", "not judged")


@pytest.mark.parametrize(("source", "moved"), [("supabase", 1), ("traces", 0)])
def test_rows_that_moved_on_are_counted_for_their_own_source_alone(night, source, moved):
    night.plant(
        "create table staging.token_events_20261114 partition of staging.token_events"
        " for values in ('2026-11-14')",
        "insert into staging.sources (source) values ('traces')",
        "insert into ops.published_days select '2026-11-14', version, run_id, publication_no,"
        " reference_version, 1, 0 from ops.published_days limit 1",
        "insert into staging.token_events select (jsonb_populate_record(b, jsonb_build_object("
        "'source_updated_at', timestamptz '2026-11-15 01:00Z', 'source_id',"
        f" (select source_id from staging.sources where source = '{source}')))).*"
        " from staging.batch_20261114__RUN as b limit 1",
    )
    assert measure(landing_checkpoint(load_run(night.run_id)))["rows_moved"] == moved


def test_a_source_that_stopped_hours_before_the_end_warns(night, red):
    night.plant("update landing.supabase__RUN set updated_at = updated_at - interval '6 hours'")
    assert red("landing", stops=False) == {"newest_row_near_window_end"}
    message = night.verdicts("landing")["newest_row_near_window_end"][1]
    assert "7.0 hours before the window's end" in message


def test_the_clock_is_read_from_text_too_and_passes_over_what_is_no_time(night, red):
    night.plant(
        "alter table landing.supabase__RUN alter updated_at type text",
        "alter table landing.supabase__RUN alter created_at type text",
        "update landing.supabase__RUN set updated_at = 'soon' where ctid = '(0,1)'",
        "update landing.supabase__RUN set updated_at = 'infinity' where ctid = '(0,2)'",
    )
    assert red("landing", stops=False) == set()


def test_an_empty_column_that_every_event_needs_warns(night, red):
    night.plant(EMPTY_TENANT.format(1))
    assert red("landing", stops=False) == {"needed_values_present"}
    _, message, sample = night.verdicts("landing")["needed_values_present"]
    assert "Column organization_id is empty in 1 of 46 rows (2.17%)" in message
    assert sample[0]["organization_id"] is None
    assert sample[0]["id"] is not None


def test_a_column_that_vanished_stops_the_run(night, red):
    night.plant(EMPTY_TENANT.format(24))
    assert red("landing", stops=True) == {"needed_values_present", "needed_values_not_vanished"}


def test_a_night_without_rows_and_history_passes_and_says_what_was_not_judged(night):
    night.plant("delete from landing.supabase__RUN", "delete from ops.windows")
    night.note(rows_read=0)
    assert night.judge("landing") is None
    assert night.outcomes("landing", "not judged") == {
        "volume_in_band",
        "volume_as_usual",
        "newest_row_near_window_end",
        "needed_values_present",
        "needed_values_not_vanished",
    }
