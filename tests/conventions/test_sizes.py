"""Files and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
import statistics

import pytest

MOST_LINES = {".py": 250, ".sql": 250}
MOST_MODEL_LINES = 120
MOST_DAG_LINES = 80
P90_FUNCTION_LINES = 25


def function_lengths(source: str) -> list[int]:
    """Lines of each function, docstring included, nested ones as part of theirs."""
    return [
        node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def limit_of(name: str) -> int | None:
    """How many lines a file may have, or None where no rule is set."""
    if name.startswith("dbt_project/models/") and name.endswith(".sql"):
        return MOST_MODEL_LINES
    if name.startswith("dags/") and name.endswith(".py"):
        return MOST_DAG_LINES
    return MOST_LINES.get("." + name.rpartition(".")[2])


def test_no_file_is_longer_than_its_kind_may_be(repository):
    too_long = {
        name: lines
        for name, text in repository.texts().items()
        if (limit := limit_of(name)) and (lines := len(text.splitlines())) > limit
    }
    assert too_long == {}


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("meterr_etl/a.py", 250),
        ("dags/a.py", 80),
        ("dbt_project/models/marts/a.sql", 120),
        ("meterr_etl/steps/sql/a.sql", 250),
        ("README.md", None),
    ],
)
def test_each_kind_of_file_has_its_limit(name, limit):
    assert limit_of(name) == limit


def test_nine_functions_of_ten_fit_a_screen_half(repository):
    lengths = [
        length
        for file in repository.python("meterr_etl", "dags")
        for length in function_lengths(file.read_text())
    ]
    assert len(lengths) > 100
    assert statistics.quantiles(lengths, n=10)[-1] <= P90_FUNCTION_LINES


def test_the_measure_counts_nested_and_async_functions():
    assert sorted(function_lengths("def a():\n  def b():\n    pass\nasync def c(): pass")) == [
        1,
        2,
        3,
    ]
