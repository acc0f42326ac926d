"""Money and quantities are never floats; only times, ratios and shares of time may be."""

from __future__ import annotations

import ast
import re

import pytest

MAY_BE_INEXACT = re.compile(
    r"second|epoch|_s\b|_ms\b|timeout|ratio|share|latency|grace|deadline|elapsed", re.IGNORECASE
)
SQL_FLOAT = re.compile(r"double precision|::\s*float|\bfloat[48]?\b|\breal\b", re.IGNORECASE)

# Where no amount is kept: each with the reason, and each a place that the rule would see.
EXEMPT = {
    "meterr_etl/gates/judge.py": "Great Expectations compares doubles; exact sums arrive as 0 or 1",
    "meterr_etl/gates/sql/measure_staging.sql": "ratios that a gate judges and nobody publishes",
    "meterr_etl/gates/sql/measure_landing.sql": "ratios that a gate judges and nobody publishes",
    "meterr_etl/gates/sql/measure_marts.sql": "drift that a gate judges and nobody publishes",
    "meterr_etl/local/airflow_processes.py": "when a process began, as psutil tells it",
    "meterr_etl/seed/events.sql": "the moment of an invented event within its hour",
}


def inexact_python(source: str) -> list[str]:
    """Lines that make or declare a float whose line names nothing that may be one."""
    tree, lines = ast.parse(source), source.splitlines()
    asked = {
        id(name)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "isinstance"
        for name in ast.walk(call)
    }
    return [
        lines[node.lineno - 1].strip()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and node.id == "float"
        and id(node) not in asked
        and not MAY_BE_INEXACT.search(lines[node.lineno - 1])
    ]


def inexact_sql(source: str) -> list[str]:
    """Lines of SQL that name a float type, comments left out."""
    code = [line.split("--")[0] for line in source.splitlines()]
    return [
        line.strip() for line in code if SQL_FLOAT.search(line) and not MAY_BE_INEXACT.search(line)
    ]


def found_in(repository) -> dict[str, list[str]]:
    """Every offending line of the package, the DAGs, the models and the migrations."""
    found = {}
    for file in repository.python("meterr_etl", "dags", "migrations"):
        found[repository.name(file)] = inexact_python(file.read_text())
    for file in repository.sql("meterr_etl", "dbt_project") + repository.python("migrations"):
        found.setdefault(repository.name(file), []).extend(inexact_sql(file.read_text()))
    return {name: lines for name, lines in found.items() if lines}


def test_no_money_is_held_in_floats(repository):
    found = found_in(repository)
    assert {name: lines for name, lines in found.items() if name not in EXEMPT} == {}


def test_no_exemption_outlives_its_reason(repository):
    assert set(EXEMPT) - set(found_in(repository)) == set()


@pytest.mark.parametrize("line", ["cost: float = 0", "x = float(price)", "def f(q: float): ..."])
def test_a_float_of_money_is_seen_in_python(line):
    assert inexact_python(line)


@pytest.mark.parametrize(
    "line", ["select cost::float", "price double precision", "x real not null"]
)
def test_a_float_of_money_is_seen_in_sql(line):
    assert inexact_sql(line)


def test_asking_whether_something_is_a_float_makes_none():
    assert inexact_python("isinstance(value, int | float)") == []


def test_durations_may_be_floats():
    assert inexact_python("timeout_s: float = 1.5") == []
    assert inexact_sql("latency_ms::float -- in SQL") == []
