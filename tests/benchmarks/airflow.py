"""What Airflow adds to a night: seconds of an empty one beside its own steps, and reading the DAGs.

An empty night is a run by hand of a day without events. What its steps took themselves is in the
ledger; the rest of the time between the run's start and its end is Airflow's.
"""

from __future__ import annotations

import statistics
from datetime import timedelta

from meterr_etl.local.airflow_client import AirflowClient
from meterr_etl.local.demo_nights import NIGHTLY
from tests.benchmarks.airflow_server import running_airflow, wait_until
from tests.benchmarks.datasets import DAY, Bench, Database
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import WARM_UP_EVENTS
from tests.benchmarks.sizes import Size

GROUP = "airflow"
# What Airflow itself allows a file before it gives up on it.
PARSE_LIMIT_S = 30.0
TIMEOUT_S = 300.0
OWN_SECONDS = (
    "select extract(epoch from sum(s.finished_at - s.started_at)) from ops.run_steps as s"
    " inner join ops.runs as r on s.run_id = r.run_id where r.orchestrator_run_id = %s"
)


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure a few empty nights one after another, and what Airflow says of its last parse."""
    with (
        bench.warehouse(bench.source(WARM_UP_EVENTS)) as warehouse,
        running_airflow(bench) as client,
    ):
        nights = [_empty_night(client, warehouse, number) for number in range(size.rounds + 1)]
        parsed = client._call("GET", f"/api/v2/dags/{NIGHTLY}")["last_parse_duration"]
    whole = statistics.median(seconds for seconds, _ in nights)
    own = statistics.median(own for _, own in nights)
    overhead = statistics.median(seconds - own for seconds, own in nights)
    limit = "Airflow's limit"
    return [
        Figure(GROUP, "empty night, from start to end", whole, "s", "its steps' own", own),
        Figure(GROUP, "of it Airflow's overhead", overhead, "s", "its steps' own", own),
        Figure(GROUP, "parsing the DAG file", float(parsed), "s", limit, PARSE_LIMIT_S),
    ]


def _empty_night(client: AirflowClient, warehouse: Database, number: int) -> tuple[float, float]:
    day = DAY - timedelta(days=30 + number)
    run_id = client.trigger(NIGHTLY, {"day": str(day), "reason": "an empty night"})
    wait_until(lambda: client.run(NIGHTLY, run_id).is_finished, TIMEOUT_S)
    run = client.run(NIGHTLY, run_id)
    if run.state != "success" or run.seconds is None:
        raise RuntimeError(f"The empty night of {day} ended as {run.state}.")
    return run.seconds, warehouse.number(OWN_SECONDS, run_id)
