"""Shows in Airflow which day a run means, and the run's own report: gates, counts, chargeback.

Airflow names a run by the end of its interval, one day later than what it works on. So each run
gets a note that names the day, and its page gets a tab with the report of its latest attempt.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.configuration import conf
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

NIGHTLY = "token_usage_nightly"
BASE_PATH = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")
# The page is made of rows that others wrote: it may show itself and do nothing else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

# A sub-application is open to all unless each of its routes asks; this asks for the DAG itself.
app = FastAPI(title="meterr", openapi_url=None)


@app.get(
    "/runs/{dag_id}/{run_id:path}",
    response_class=HTMLResponse,
    dependencies=[Depends(requires_access_dag(method="GET"))],
)
def show_report(dag_id: str, run_id: str) -> HTMLResponse:  # noqa: ARG001 - checked above
    """Return the report of the latest attempt that a run of the DAG made."""
    from meterr_etl.run_pages import page_of  # noqa: PLC0415 - not at every Airflow start

    return HTMLResponse(page_of(run_id), headers={"Content-Security-Policy": POLICY})


@hookimpl
def on_dag_run_running(dag_run: Any, msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note on the run which day it means, unless a person wrote a note already."""
    from meterr_etl.dag_rules import note_of  # noqa: PLC0415

    if dag_run.dag_id == NIGHTLY and not dag_run.note:
        dag_run.note = note_of(dag_run.logical_date, dag_run.conf or {})


class MeterrRuns(AirflowPlugin):
    """A tab on the run's page, and a listener in the scheduler."""

    name = "meterr_runs"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - Airflow's own way
    fastapi_apps = [{"app": app, "url_prefix": "/meterr", "name": "meterr"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Meterr report",
            "href": f"{BASE_PATH}/meterr/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "meterr-report",
        }
    ]
