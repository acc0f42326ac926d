"""Reads folders of DAGs through Airflow, in a process apart and without a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meterr_etl.settings import PROJECT_ROOT

READER = Path(__file__).with_name("read_dags.py")
ReadDags = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def read_dags(tmp_path_factory: pytest.TempPathFactory) -> ReadDags:
    """`read_dags(folder, *errors)`: import errors, and what Airflow understood of each DAG."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/none.db",
        "PYTHONPATH": str(PROJECT_ROOT),
    }

    def read(folder: Path, *errors: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(READER), str(folder), *errors],
            env=environment,
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return read
