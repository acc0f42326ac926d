"""Metrics and exposures say what stands in the marts, and drift from nothing."""

from __future__ import annotations

import re

import pytest

from meterr_etl.reports.kinds import ReportKind
from meterr_etl.settings import PROJECT_ROOT

REPORTS = PROJECT_ROOT / "meterr_etl" / "reports" / "sql"


@pytest.fixture
def semantic_models(parsed) -> list[dict]:
    return list(parsed["semantic_models"].values())


def names(columns: list[dict]) -> list[str]:
    return [column["expr"] or column["name"] for column in columns]


def test_every_metric_sums_columns_that_its_mart_promises(semantic_models, models):
    assert {model["name"] for model in semantic_models} == {"team_usage", "model_usage"}
    for semantic in semantic_models:
        mart = models[semantic["model"].split("'")[1]]
        used = [*names(semantic["measures"]), *names(semantic["dimensions"])]
        used += names(semantic["entities"])
        assert set(used) <= set(mart["columns"])
        sums = [name for name in mart["columns"] if name.endswith(("_cost", "_tokens", "_count"))]
        assert names(semantic["measures"]) == sums


def test_every_metric_is_of_a_measure_and_says_what_it_is(parsed, semantic_models):
    measures = {measure["name"] for model in semantic_models for measure in model["measures"]}
    metrics = parsed["metrics"].values()
    known = {metric["name"] for metric in metrics}
    for metric in metrics:
        assert metric["description"]
        assert {m["name"] for m in metric["type_params"]["input_measures"]} <= measures
        parts = metric["type_params"]
        inputs = [parts["numerator"], parts["denominator"], *(parts["metrics"] or [])]
        assert {part["name"] for part in inputs if part} <= known


@pytest.mark.parametrize("kind", list(ReportKind))
def test_exposure_of_a_report_names_the_marts_that_it_reads(parsed, kind):
    query = (REPORTS / f"{kind}.sql").read_text() + (REPORTS / "coverage.sql").read_text()
    read = set(re.findall(r"\bmarts\.(\w+)", query))
    exposure = parsed["exposures"][f"exposure.meterr.{kind}_report"]
    told = {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}
    assert told == read
