"""A real Airflow on the benchmark's server; its tasks read and write what a group names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from meterr_etl.local.airflow import LocalAirflow
from meterr_etl.local.airflow_client import AirflowClient
from meterr_etl.local.demo_nights import DAG_TIMEOUT_S, NIGHTLY
from tests.benchmarks.datasets import Bench, say

OWNER = DATABASE = "airflow"
SETTLE_TIMEOUT_S = 300.0
POLL_S = 0.5


@contextmanager
def running_airflow(bench: Bench) -> Iterator[AirflowClient]:
    """Start Airflow on the warehouse and the source that the settings name now; stop it after.

    The DAG is unpaused, and the run that the scheduler then starts by itself is over.
    """
    bench.server.ensure_role(OWNER)
    bench.server.ensure_database(DATABASE, OWNER)
    airflow = LocalAirflow(bench.server.home)
    say("starting Airflow")
    try:
        tasks = {name: value for name, value in os.environ.items() if name.startswith("METERR_")}
        airflow.start(bench.server.url(DATABASE, OWNER), tasks)
        with airflow.client() as client:
            client.wait_for_dag(NIGHTLY, timeout_s=DAG_TIMEOUT_S)
            client.unpause(NIGHTLY)
            wait_until(lambda: _is_idle(client), SETTLE_TIMEOUT_S)
            yield client
    finally:
        airflow.stop()
        bench.drop(bench.database(DATABASE))


def wait_until(is_so: Callable[[], bool], timeout_s: float) -> None:
    """Ask twice a second until the answer is yes.

    Raises:
        TimeoutError: it took too long.
    """
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"It did not come about in {timeout_s:.0f} s.")
        time.sleep(POLL_S)


def _is_idle(client: AirflowClient) -> bool:
    runs = client.runs(NIGHTLY)
    return bool(runs) and all(run.is_finished for run in runs)
