"""A night without a fault passes every gate, says what it saw, and leaves one table per gate."""

import pytest

from meterr_etl.errors import ConflictError
from meterr_etl.gates import run_gate

GATES = ("landing", "staging", "marts")


@pytest.mark.parametrize("gate", GATES)
def test_a_clean_night_fails_no_expectation(night, gate):
    report = run_gate(gate, night.run_id)
    assert [verdict.message for verdict in report.verdicts if verdict.outcome != "passed"] == []


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_measures_into_one_row_that_the_loader_owns(night, gate):
    run_gate(gate, night.run_id)
    run_gate(gate, night.run_id)
    table = f"ops.measures_{gate}__{night.run_id}"
    count = night.connection.execute(f"select count(*) from {table}").fetchone()[0]
    owner = night.connection.execute(
        "select relowner::regrole::text from pg_class where oid = %s::regclass", (table,)
    ).fetchone()[0]
    assert (count, owner) == (1, "meterr_loader")


@pytest.mark.parametrize("gate", GATES)
def test_a_second_judgement_replaces_the_first(night, gate):
    run_gate(gate, night.run_id)
    first = night.verdicts(gate)
    run_gate(gate, night.run_id)
    assert night.verdicts(gate) == first
    assert len(first) > 8


@pytest.mark.parametrize(
    ("gate", "table", "step"),
    [
        ("landing", "table landing.supabase__RUN", "extract"),
        ("staging", "table staging.batch__RUN cascade", "stage"),
        ("marts", "schema candidate_RUN cascade", "transform"),
    ],
)
def test_a_gate_without_its_tables_names_the_step_that_makes_them(night, gate, table, step):
    night.plant(f"drop {table}")
    with pytest.raises(ConflictError, match=f"Run the step '{step}'"):
        run_gate(gate, night.run_id)


def test_an_unknown_run_is_refused(night):
    with pytest.raises(ConflictError, match="no run 'nosuchrun'"):
        run_gate("landing", "nosuchrun")


def test_a_failed_gate_says_which_expectation_which_rows_and_what_to_do(night):
    night.plant(
        "insert into staging.batch__RUN select * from staging.batch__RUN where sku_key = 20",
        "update ops.run_verdicts set row_count = 43 where verdict = 'new' and run_id = 'RUN'",
        "update ops.run_verdicts set row_count = 1 where verdict = 'unchanged' and run_id = 'RUN'",
    )
    said = night.judge("staging")
    assert "The staging gate stopped run" in said
    assert "events_unique: 1 rows of the batch bear an id that stands there already" in said
    assert "First rows: source_event_id=" in said
    assert f"meterr report --run {night.run_id}" in said


def test_samples_are_short_and_few(night):
    night.plant(
        "insert into staging.dead_letters (run_id, source, source_event_id, reasons, raw)"
        " select 'RUN', 'supabase', repeat('x', 5000), array['tags_too_large'],"
        " jsonb_build_object('tags', repeat('y', 1000000)) from generate_series(1, 19)",
        "update ops.run_verdicts set row_count = 19 where verdict = 'dead' and run_id = 'RUN'",
        "update ops.run_verdicts set row_count = 23 where verdict = 'new' and run_id = 'RUN'",
        "delete from staging.batch__RUN where event_key in (select event_key"
        " from staging.batch__RUN where sku_key = 10 and event_date = '2026-11-14' limit 19)",
    )
    assert night.judge("staging") is None
    outcome, message, sample = night.verdicts("staging")["no_dead_letters"]
    assert outcome == "failed"
    assert "tags_too_large (19)" in message
    assert len(sample) == 10
    assert len(str(sample)) < 10 * 700
