"""The nightly DAG: one closed UTC day of token usage, from the source to gated, published marts.

Wiring only: what a step does, and which day a run means, is decided in meterr_etl.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pendulum
from airflow import sdk

from meterr_etl.sources.registry import list_sources

# A gate judges the same rows the same way and bad input stays bad; what was out of reach or busy,
# or failed in a way that is not ours, may succeed later with nobody having done anything.
TRANSIENT = ["meterr_etl.errors.UnavailableError", "meterr_etl.errors.BusyError"]
RETRY_POLICY = sdk.ExceptionRetryPolicy(
    rules=[
        sdk.RetryRule(exception=TRANSIENT, action=sdk.RetryAction.DEFAULT),
        sdk.RetryRule(
            "meterr_etl.errors.MeterrError", sdk.RetryAction.FAIL, reason="a person looks first"
        ),
    ]
)
LATER_STEPS = ["gate_landing", "stage", "gate_staging"]
LATER_STEPS += ["transform", "gate_marts", "publish", "report"]


def explain_failure(context: Mapping[str, Any]) -> None:
    """Log which gate or step failed, on which rows, and what to do."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    dag_tasks.explain_failure(context)


@sdk.task
def extract(**context: Any) -> str:
    """Copy what arrived on the run's day; returns the id of the ledger's new run."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    return dag_tasks.start_run(context)


@sdk.task
def do_step(step: str, run: str) -> None:
    """Do one later step of that run."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    dag_tasks.do_step(step, run)


with sdk.DAG(
    dag_id="token_usage_nightly",
    schedule=sdk.CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=3,
    tags=["token-usage", "nightly"],
    doc_md=__file__.removesuffix("py") + "md",
    params={
        "day": sdk.Param(None, type=["null", "string"], format="date", title="Day (UTC)"),
        "source": sdk.Param("supabase", type="string", enum=list_sources(), title="Source"),
        "reason": sdk.Param(None, type=["null", "string"], maxLength=500, title="Reason"),
    },
    default_args={
        "owner": "meterr",
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": explain_failure,
    },
):
    run_id = extract()
    sdk.chain(*[do_step.override(task_id=step)(step, run_id) for step in LATER_STEPS])
