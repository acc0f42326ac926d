"""What every DAG of this repository keeps to, and that breaking it is noticed."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from meterr_etl import errors
from meterr_etl.errors import BusyError, MeterrError, UnavailableError
from meterr_etl.pipeline import STEPS
from meterr_etl.settings import PROJECT_ROOT

DAGS = PROJECT_ROOT / "dags"
MAX_LINES = 80
# Pinned: a DAG that vanishes from this list is a night that nobody runs.
DAG_IDS = ["token_usage_nightly", "token_usage_reprice", "warehouse_maintenance"]

Facts = dict[str, Any]


def all_errors() -> list[type[MeterrError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, MeterrError)]


@pytest.fixture(scope="module")
def folder_facts(read_dags) -> Facts:
    return read_dags(DAGS, *[kind.__name__ for kind in all_errors()], "ValueError")


@pytest.fixture(scope="module")
def nightly(folder_facts: Facts) -> Facts:
    return next(dag for dag in folder_facts["dags"] if dag["dag_id"] == "token_usage_nightly")


def test_every_dag_imports_clean(folder_facts: Facts) -> None:
    assert folder_facts["errors"] == {}


def test_a_dag_that_does_not_import_is_noticed(read_dags, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("from airflow.sdk import DAG\nimport no_such_module\n")
    assert "no_such_module" in read_dags(tmp_path)["errors"]["broken.py"]


def test_the_dag_ids_are_those_that_readers_rely_on(folder_facts: Facts) -> None:
    assert sorted(dag["dag_id"] for dag in folder_facts["dags"]) == DAG_IDS


def test_each_file_is_named_like_its_dag(folder_facts: Facts) -> None:
    assert {dag["file"] for dag in folder_facts["dags"]} == {f"{name}.py" for name in DAG_IDS}


def test_a_night_is_a_utc_day_and_only_the_last_one_runs_by_itself(nightly: Facts) -> None:
    assert nightly["timetable"] == "CronDataIntervalTimetable"
    assert (nightly["schedule"], nightly["timezone"]) == ("0 0 * * *", "UTC")
    assert nightly["catchup"] is False


def test_the_tasks_are_the_steps_of_the_pipeline_one_behind_the_other(nightly: Facts) -> None:
    tasks = nightly["tasks"]
    assert tuple(task["task_id"] for task in tasks) == STEPS
    assert tasks[0]["upstream"] == []
    for before, task in pairwise(tasks):
        assert before["task_id"] in task["upstream"]


def test_every_task_has_an_owner_retries_with_backoff_and_a_failure_callback(
    folder_facts: Facts,
) -> None:
    for dag in folder_facts["dags"]:
        for task in dag["tasks"]:
            assert task["owner"] == "meterr"
            assert task["retries"] >= 2
            assert task["backoff"]
            assert task["retry_delay_s"] < task["max_retry_delay_s"] <= 3600
            assert task["callbacks"] == ["explain_failure"]


def test_only_what_may_pass_by_itself_is_tried_again(nightly: Facts) -> None:
    for task in nightly["tasks"]:
        for kind in all_errors():
            passes = issubclass(kind, UnavailableError | BusyError)
            assert task["verdicts"][kind.__name__] == ("default" if passes else "fail"), kind
        assert task["verdicts"]["ValueError"] == "default"


def test_every_dag_is_tagged_and_documented_for_a_person(folder_facts: Facts) -> None:
    for dag in folder_facts["dags"]:
        assert dag["tags"]
        assert len(dag["doc"]) > 500
        for step in (task["task_id"] for task in dag["tasks"]):
            assert f"`{step}`" in dag["doc"]


def test_the_form_starts_with_values_that_are_right_for_a_backfill(nightly: Facts) -> None:
    # Airflow hands a backfill's own values to its runs only where a box is ticked.
    params = nightly["params"]
    assert sorted(params) == ["day", "reason", "source"]
    assert params["day"]["default"] is None
    assert params["day"]["format"] == "date"
    assert params["source"]["default"] in params["source"]["enum"]
    assert params["reason"]["default"] is None


def test_no_run_lies_before_the_start_date(nightly: Facts) -> None:
    # A manual run dated before it would run no task and be green: the contract takes no event
    # of before 2020, so there is no such day to run.
    assert nightly["start_date"] == "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("path", sorted(DAGS.rglob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_thin(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", sorted(DAGS.rglob("*.py")), ids=lambda path: path.name)
def test_no_dag_asks_for_the_data_interval(path: Path) -> None:
    # Of a manual run it is the day before, and a later backfill that reuses the run keeps it.
    names = {
        node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)
    }
    attributes = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert not {name for name in names | attributes if name.startswith("data_interval")}


def test_each_task_is_one_local_import_and_one_call() -> None:
    tree = ast.parse((DAGS / "token_usage_nightly.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {function.name for function in functions} == {"extract", "do_step", "explain_failure"}
    for function in functions:
        documented, imported, called = function.body
        assert isinstance(documented, ast.Expr)
        assert isinstance(imported, ast.ImportFrom)
        assert isinstance(called, ast.Return | ast.Expr)
        assert isinstance(called.value, ast.Call)
