"""The weekly DAG: compares each source with what is published of it and heals what differs.

Wiring only: what differs, and what is done about it, is decided in meterr_etl.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pendulum
from airflow import sdk

from meterr_etl.sources.registry import list_sources

TRANSIENT = ["meterr_etl.errors.UnavailableError", "meterr_etl.errors.BusyError"]
RETRY_POLICY = sdk.ExceptionRetryPolicy(
    rules=[
        sdk.RetryRule(exception=TRANSIENT, action=sdk.RetryAction.DEFAULT),
        sdk.RetryRule(
            "meterr_etl.errors.MeterrError", sdk.RetryAction.FAIL, reason="a person looks first"
        ),
    ]
)


def explain_failure(context: Mapping[str, Any]) -> None:
    """Log which days were not repaired, and what to do."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    dag_tasks.explain_failure(context)


@sdk.task
def sweep(**context: Any) -> None:
    """Compare a source's last days with what is published, and repair what differs."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    dag_tasks.sweep_source(context)


with sdk.DAG(
    dag_id="warehouse_maintenance",
    schedule=sdk.CronTriggerTimetable("0 6 * * 0", timezone="UTC"),
    start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["token-usage", "maintenance"],
    doc_md=__file__.removesuffix("py") + "md",
    params={
        "source": sdk.Param("supabase", type="string", enum=list_sources(), title="Source"),
        "days": sdk.Param(35, type="integer", minimum=1, maximum=400, title="Days back"),
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
    sweep()
