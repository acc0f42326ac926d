"""What a task's log says: a report when it went well, and what to do when it did not."""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.types.json import Jsonb

from meterr_etl import dag_tasks
from meterr_etl.dag_rules import failure_text, step_report
from meterr_etl.errors import GateFailedError
from meterr_etl.ledger.runs import open_run
from meterr_etl.settings import settings
from meterr_etl.window import Window


def test_a_step_reports_counts_durations_and_rates() -> None:
    metrics = {"rows_read": 30000, "copied_bytes": 4_000_000, "seconds": 2.0}
    assert step_report("extract", "2026-11-05 (run r1)", metrics) == [
        "extract of 2026-11-05 (run r1)",
        "  rows read: 30,000",
        "  copied: 4,000,000 bytes",
        "  seconds: 2.0 s",
        "  rows read per second: 15,000",
        "  copied per second: 2,000,000",
    ]


def test_shares_lists_and_inner_counts_are_readable() -> None:
    metrics = {
        "dead_share": Decimal("0.00125"),
        "verdicts": {"new": 1200, "dead": 3},
        "affected_days": ["2026-11-04", "2026-11-05"],
        "attached": True,
        "swept_runs": [],
    }
    assert step_report("stage", "d", metrics)[1:] == [
        "  dead: 0.125%",
        "  verdicts: new 1,200, dead 3",
        "  affected days: 2026-11-04, 2026-11-05",
        "  attached: yes",
        "  swept runs: none",
    ]


def test_a_step_too_fast_to_measure_has_no_rate() -> None:
    assert step_report("extract", "d", {"rows_read": 5, "seconds": 0})[1:] == [
        "  rows read: 5",
        "  seconds: 0 s",
    ]


def test_an_error_that_is_not_ours_is_named_with_its_type() -> None:
    text = failure_text(step="stage", subject="d", error=ValueError("no such thing"), findings=[])
    assert text == [
        "stage failed for d; nothing of this run was published.",
        "ValueError: no such thing",
        "What to do: mend what is named above, then clear this task.",
    ]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("sweep", "sweep failed; what it healed before this stands, all else is as it was."),
        ("reprice", "reprice failed; `meterr status` says whether its days were published."),
        ("preview", "preview failed; nothing of this run was published."),
    ],
)
def test_a_task_of_other_runs_says_of_those_what_is_true(
    caplog: pytest.LogCaptureFixture, task: str, said: str
) -> None:
    instance = SimpleNamespace(task_id=task, xcom_pull=lambda task_ids: None)
    assert explained(caplog, {"ti": instance, "exception": GateFailedError("red")})[0] == said


@pytest.fixture
def failed_gate(warehouse_db: str) -> str:
    """The id of a run whose staging gate found two broken expectations and a passed one."""
    run = open_run("supabase", Window.of_day(date(2026, 11, 5)), "airflow", None, "airflow-run")
    verdicts = [
        (
            "dead_letter_share",
            "error",
            "failed",
            "31 rows are dead",
            [{"id": "e-1"}, {"id": "e-2"}],
        ),
        ("unpriced_share", "warning", "failed", "4 % are unpriced", []),
        ("sum_of_verdicts", "error", "passed", "adds up", []),
    ]
    with psycopg.connect(warehouse_db) as connection:
        for name, severity, outcome, message, sample in verdicts:
            connection.execute(
                "insert into ops.gate_verdicts"
                " (run_id, gate, expectation, severity, outcome, message, sample)"
                " values (%s, 'staging', %s, %s, %s, %s, %s)",
                (run.run_id, name, severity, outcome, message, Jsonb(sample)),
            )
    return run.run_id


def explained(caplog: pytest.LogCaptureFixture, context: dict[str, object]) -> list[str]:
    with caplog.at_level(logging.INFO, logger="meterr_etl.dag_tasks"):
        dag_tasks.explain_failure(context)
    return [record.getMessage() for record in caplog.records if "dag_tasks" in record.name]


def test_a_red_gate_says_which_expectation_on_which_rows_and_what_to_do(
    failed_gate: str, caplog: pytest.LogCaptureFixture, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(dag_tasks, "_write_page", lambda run_id: None)
    error = GateFailedError("The gate 'staging' stopped the run.", remedy="Look at the rows.")
    subject = f"2026-11-05 (run {failed_gate})"
    task = SimpleNamespace(task_id="gate_staging", xcom_pull=lambda task_ids: failed_gate)
    assert explained(caplog, {"ti": task, "exception": error}) == [
        f"gate_staging failed for {subject}; nothing of this run was published.",
        "The gate 'staging' stopped the run.",
        "  dead_letter_share: 31 rows are dead",
        "    row: {'id': 'e-1'}",
        "    row: {'id': 'e-2'}",
        "What to do: Look at the rows.",
    ]


def test_a_page_that_fails_behind_its_publish_leaves_what_was_published(
    failed_gate: str, warehouse_db: str, caplog: pytest.LogCaptureFixture, monkeypatch
) -> None:
    monkeypatch.setattr(dag_tasks, "_write_page", lambda run_id: None)
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("update ops.runs set status = 'published'")
    task = SimpleNamespace(task_id="report", xcom_pull=lambda task_ids: failed_gate)
    assert explained(caplog, {"ti": task, "exception": OSError("disk full")})[0] == (
        f"report failed for 2026-11-05 (run {failed_gate}); what this run published stands."
    )


def test_a_failed_run_gets_its_page_although_its_last_step_never_runs(
    failed_gate: str, caplog: pytest.LogCaptureFixture, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("METERR_HOME", str(tmp_path))
    settings.cache_clear()
    task = SimpleNamespace(task_id="gate_staging", xcom_pull=lambda task_ids: failed_gate)
    lines = explained(caplog, {"ti": task, "exception": GateFailedError("red", remedy="look")})
    settings.cache_clear()
    assert lines[-1] == f"The run's page: {tmp_path}/reports/{failed_gate}.html"
    assert "31 rows are dead" in (tmp_path / "reports" / f"{failed_gate}.html").read_text()


def test_a_failed_extract_has_no_run_to_look_up(caplog: pytest.LogCaptureFixture) -> None:
    task = SimpleNamespace(task_id="extract", xcom_pull=lambda task_ids: pytest.fail("asked"))
    lines = explained(caplog, {"ti": task, "exception": None})
    assert lines[0] == "extract failed; nothing of this run was published."
    assert lines[1] == "The task was killed."
