"""The re-rating DAG: shows what changed prices make of published days, then publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pendulum
from airflow import sdk

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
    """Log what went wrong and what to do."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    dag_tasks.explain_failure(context)


@sdk.task
def preview(**context: Any) -> int:
    """Build the days that need it and log the difference per tenant; publishes nothing."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    return dag_tasks.reprice(context["params"], dry_run=True)


@sdk.task.short_circuit
def is_wanted(days: int, **context: Any) -> bool:
    """Go on only where a day changes and the form did not ask for a look alone."""
    return days > 0 and not context["params"]["dry_run"]


@sdk.task
def reprice(**context: Any) -> int:
    """Re-rate the same days through the marts' gate and publish them."""
    from meterr_etl import dag_tasks  # noqa: PLC0415

    return dag_tasks.reprice(context["params"], dry_run=False)


with sdk.DAG(
    dag_id="token_usage_reprice",
    schedule=None,
    start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["token-usage", "prices"],
    doc_md=__file__.removesuffix("py") + "md",
    params={
        "first_day": sdk.Param(type="string", format="date", title="First day (UTC)"),
        "last_day": sdk.Param(type="string", format="date", title="Last day (UTC), included"),
        "tenant": sdk.Param(None, type=["null", "string"], title="Tenant id; all if empty"),
        "dry_run": sdk.Param(default=True, type="boolean", title="Only show the difference"),
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
    sdk.chain(is_wanted(preview()), reprice())
