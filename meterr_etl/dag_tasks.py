"""What the nightly DAG's tasks call: the pipeline's steps, and words for a task's log.

Takes Airflow's context as a plain mapping and never imports Airflow, so that all of it runs in
tests without one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meterr_etl import dag_rules, maintenance, pipeline
from meterr_etl.errors import ConflictError, MeterrError
from meterr_etl.ledger.runs import load_run
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.window import parse_day

# Airflow collects what the root's children log; a task's log tab shows it line by line.
logger = logging.getLogger(__name__)

SAMPLE_ROWS = 5


def start_run(context: Mapping[str, Any]) -> str:
    """Extract the day that a DAG run means and return the id of the ledger's new run.

    Raises:
        InputError: the DAG run names no closed UTC day; nothing was read.
    """
    dag_run, params = context["dag_run"], context["params"]
    window = dag_rules.nightly_window(
        run_type=str(getattr(dag_run.run_type, "value", dag_run.run_type)),
        logical_date=dag_run.logical_date,
        day=params["day"],
        now=datetime.now(UTC),
    )
    # Airflow's own list names a run by the end of its interval, the day after.
    logger.info("This run is of the UTC day %s, source %s.", window, params["source"])
    run_id = pipeline.extract(
        params["source"],
        window,
        trigger="airflow",
        reason=params["reason"],
        orchestrator_run_id=dag_run.run_id,
    )
    _log_report("extract", f"{window} (run {run_id})", _recorded_metrics(run_id, "extract"))
    return run_id


def do_step(step: str, run_id: str) -> None:
    """Do one later step of a run and log what it did."""
    window = load_run(run_id).window
    metrics = pipeline.run_step(step, run_id)
    _log_report(step, f"{window} (run {run_id})", metrics)


def sweep_source(context: Mapping[str, Any]) -> None:
    """Compare a source's last days with what is published and repair what differs.

    Raises:
        ConflictError: a day that differs could not be repaired.
    """
    params = context["params"]
    healed = maintenance.sweep(params["source"], trigger="airflow", days=params["days"])
    for day in healed:
        logger.info("%s: %s (%s, run %s)", day.day, day.outcome, day.why, day.run_id)
    logger.info("sweep: %s day(s) of %s differed.", len(healed), params["source"])
    if failed := [day for day in healed if day.run_id is None]:
        raise ConflictError(
            f"{len(failed)} of {len(healed)} days that differ were not repaired.",
            remedy="Each one's reason is in the lines above; `meterr sweep` tries again.",
        )


def reprice(params: Mapping[str, Any], *, dry_run: bool) -> int:
    """Re-rate what a form names and log the difference per tenant; returns how many days.

    Raises:
        InputError: a date can't be read.
        GateFailedError: the rebuilt days did not pass their gate.
    """
    from meterr_etl import repricing  # noqa: PLC0415

    done = repricing.reprice(
        parse_day(params["first_day"]),
        parse_day(params["last_day"]),
        trigger="airflow",
        tenant_id=params["tenant"] or None,
        dry_run=dry_run,
        reason=params["reason"],
    )
    for line in repricing.in_words(done):
        logger.info("%s", line)
    return len(done.days)


def explain_failure(context: Mapping[str, Any]) -> None:
    """Log what a person needs who finds a task red: which gate or step, which rows, what to do."""
    task_instance, error = context["ti"], context.get("exception")
    step = str(task_instance.task_id)
    run_id = None if step == "extract" else task_instance.xcom_pull(task_ids="extract")
    subject, findings = _findings(run_id, step) if run_id else ("", [])
    text = dag_rules.failure_text(
        step=step,
        subject=subject,
        error=error if isinstance(error, BaseException) else MeterrError("The task was killed."),
        findings=findings,
        # A page that fails, or a step cleared again, takes nothing back.
        is_published=load_run(run_id).status == "published" if run_id else False,
    )
    for line in text:
        logger.error("%s", line)
    if run_id:
        _write_page(run_id)


def _write_page(run_id: str) -> None:
    # A failed run never reaches its last step, and its page is wanted most.
    from meterr_etl.steps.report import report  # noqa: PLC0415

    try:
        logger.error("The run's page: %s", report(run_id)["page"])
    except Exception:
        logger.exception("The run's page can't be written.")


def _log_report(step: str, subject: str, metrics: Mapping[str, object]) -> None:
    for line in dag_rules.step_report(step, subject, metrics):
        logger.info("%s", line)


def _recorded_metrics(run_id: str, step: str) -> dict[str, object]:
    with warehouse("meterr_loader") as connection:
        row = connection.execute(
            "select metrics from ops.run_steps where run_id = %s and step = %s"
            " order by attempt desc limit 1",
            (run_id, step),
        ).fetchone()
    return dict(row[0]) if row and isinstance(row[0], dict) else {}


def _findings(run_id: str, step: str) -> tuple[str, list[dag_rules.Finding]]:
    subject = f"{load_run(run_id).window} (run {run_id})"
    # The months have no task of their own: they are judged under the publish's lock.
    gate = "months" if step == "publish" else step.removeprefix("gate_")
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            "select expectation, message, sample from ops.gate_verdicts"
            " where run_id = %s and gate = %s and outcome = 'failed' and severity = 'error'"
            " order by expectation",
            (run_id, gate),
        ).fetchall()
    return subject, [
        dag_rules.Finding(str(name), str(message), list(sample)[:SAMPLE_ROWS])  # type: ignore[call-overload]
        for name, message, sample in rows
    ]
