"""Runs a range of nights through Airflow's scheduler as a backfill, and shows how they go."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import date, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from meterr_etl.errors import BusyError, UnavailableError
from meterr_etl.local.airflow import LocalAirflow
from meterr_etl.local.airflow_client import AirflowClient, DagRun
from meterr_etl.warehouse.connection import warehouse

NIGHTLY = "token_usage_nightly"
SOURCE = "supabase"
# Of two cores a third night at a time still uses what the others leave idle.
NIGHTS_AT_A_TIME = 3
DAG_TIMEOUT_S = 120.0
POLL_S = 1.0
BUSY_TIMEOUT_S = 900.0
BUSY_POLL_S = 5.0

logger = logging.getLogger(__name__)


def run_nights(client: AirflowClient, airflow: LocalAirflow, nights: Sequence[date]) -> set[date]:
    """Backfill the nights, wait for all of them, and return those that are not published.

    The backfill comes before the unpausing, so that the run which the scheduler starts by itself
    for the last night finds its place taken, and each night is run once.

    Raises:
        UnavailableError: Airflow died meanwhile.
    """
    client.wait_for_dag(NIGHTLY, timeout_s=DAG_TIMEOUT_S)
    missing = set(nights) - published_nights()
    if missing:
        _create_backfill(client, min(missing), max(missing))
    client.unpause(NIGHTLY)
    if missing:
        with _progress() as progress:
            _follow(client, airflow, missing, progress)
    return set(nights) - published_nights()


def published_nights() -> set[date]:
    """Return the days whose nightly window the ledger holds as published."""
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            "select (window_start at time zone 'UTC')::date from ops.windows"
            " where source = %s and window_end - window_start = %s",
            (SOURCE, timedelta(days=1)),
        ).fetchall()
    return {row[0] for row in rows if isinstance(row[0], date)}


def _create_backfill(client: AirflowClient, first: date, last: date) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            client.create_backfill(
                NIGHTLY, first, last, max_active_runs=NIGHTS_AT_A_TIME, reprocess="failed"
            )
        except BusyError:
            # That of a demo which was cut off still runs; Airflow takes one at a time.
            if time.monotonic() > deadline:
                raise
            logger.info("demo: waiting for an earlier backfill to end")
            time.sleep(BUSY_POLL_S)
        else:
            return


def _follow(
    client: AirflowClient, airflow: LocalAirflow, missing: set[date], progress: Progress
) -> None:
    bar = progress.add_task("nights", total=len(missing), doing="waiting for the scheduler")
    told: set[str] = set()
    while True:
        runs = {run.day: run for run in client.runs(NIGHTLY) if run.day and run.day in missing}
        active = _active_tasks(client, runs)
        for line in _events(runs, active):
            if line not in told:
                progress.console.print(line, highlight=False)
        told |= set(_events(runs, active))
        ended = {day for day, run in runs.items() if run.is_finished}
        progress.update(bar, completed=len(ended), doing=_doing(active))
        if ended == missing:
            return
        if not airflow.is_running():
            raise UnavailableError(
                "Airflow died while the nights ran.",
                remedy=f"Look into the logs in {airflow.folder / 'logs'}; then run the demo again.",
            )
        time.sleep(POLL_S)


def _active_tasks(client: AirflowClient, runs: dict[date, DagRun]) -> dict[date, dict[str, str]]:
    return {
        day: {
            task: state
            for task, state in client.task_states(NIGHTLY, run.run_id).items()
            if state in {"running", "up_for_retry"}
        }
        for day, run in sorted(runs.items())
        if run.state == "running"
    }


def _events(runs: dict[date, DagRun], active: dict[date, dict[str, str]]) -> list[str]:
    retries = [
        f"night {day}: {task} failed and will be tried again"
        for day, tasks in active.items()
        for task, state in tasks.items()
        if state == "up_for_retry"
    ]
    return retries + [
        f"night {day}: {_outcome(run)}" for day, run in sorted(runs.items()) if run.is_finished
    ]


def _doing(active: dict[date, dict[str, str]]) -> str:
    return ", ".join(f"{day:%d} {' '.join(tasks)}" for day, tasks in active.items() if tasks)


def _outcome(run: DagRun) -> str:
    if run.state == "success":
        return "published"
    return "[red]failed[/red]; the log of its red task in Airflow says why"


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}"),
        console=Console(stderr=True),
    )
