"""Prints what Airflow makes of a folder of DAGs, as JSON; run in a process of its own.

In the test's process an import of Airflow would take over logging, warnings and settings.
"""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

from meterr_etl import errors


def facts_of(dag):
    return {
        "dag_id": dag.dag_id,
        "file": Path(dag.fileloc).name,
        "timetable": type(dag.timetable).__name__,
        "schedule": getattr(dag.timetable, "expression", None),
        "timezone": str(getattr(dag.timetable, "timezone", None)),
        "start_date": dag.start_date.isoformat(),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md or "",
        "params": {name: param_facts(dag.params.get_param(name)) for name in dag.params},
        "tasks": [task_facts(task) for task in dag.topological_sort()],
    }


def param_facts(param):
    # A parameter that must be filled in has no default.
    return {"default": param.value if param.has_value else None, **param.schema}


def task_facts(task):
    return {
        "task_id": task.task_id,
        "owner": task.owner,
        "retries": task.retries,
        "backoff": bool(task.retry_exponential_backoff),
        "retry_delay_s": task.retry_delay.total_seconds(),
        "max_retry_delay_s": task.max_retry_delay.total_seconds() if task.max_retry_delay else None,
        "callbacks": [callback.__name__ for callback in task.on_failure_callback or []],
        "upstream": sorted(task.upstream_task_ids),
        "verdicts": {name: verdict(task, name) for name in sys.argv[2:]},
    }


def verdict(task, error_name):
    error = getattr(errors, error_name, None)
    raised = error("problem", remedy="remedy") if error else ValueError("a bug")
    policy = task.retry_policy
    return policy.evaluate(raised, 1, 4).action.value if policy else "default"


bag = DagBag(dag_folder=sys.argv[1])
sys.stdout.write(
    "\n"
    + json.dumps(
        {
            "errors": {Path(path).name: text for path, text in bag.import_errors.items()},
            "dags": [facts_of(dag) for dag in bag.dags.values()],
        }
    )
)
