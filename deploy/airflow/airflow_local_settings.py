# noqa: INP001 - a settings file of Airflow's, copied to where it looks for it
"""Read by every Airflow process at its start: what the scheduler's workers inherit, imported.

LocalExecutor forks a process for each task. What the scheduler has imported need not be imported
again in each of them, which saves two to four seconds a task; frozen objects stay shared pages.
"""

import gc
import sys
from importlib import import_module


def preload() -> None:
    """Import what the tasks need, in the process that they are forked from."""
    from meterr_etl.imports import IMPORTED_BY_NIGHTS  # noqa: PLC0415 - other processes need it not

    for name in (*IMPORTED_BY_NIGHTS, "meterr_etl.dag_tasks"):
        import_module(name)
    gc.collect()
    gc.freeze()


if "scheduler" in sys.argv:
    preload()

# Airflow takes every public name of this module for a setting of its own.
__all__: list[str] = []
