"""The dbt project keeps its house rules: one yml per model, a grain, descriptions, contracts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meterr_etl.allocation.rules import ALL_DIMENSIONS
from meterr_etl.contract.columns import LEAVES
from meterr_etl.settings import PROJECT_ROOT

PROJECT = PROJECT_ROOT / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
SINGULAR_TESTS = sorted((PROJECT / "tests").glob("*.sql"))
MOST_LINES = 120
PUBLISHED = {"date_column", "key", "indexes", "tenant_column", "partition_by_day"}
BUSINESS_RULES = {
    "answer_of_a_gateway_cache_is_not_billed",
    "cached_tokens_are_counted_and_priced_once",
    "context_tier_is_a_cliff_strictly_above_its_threshold",
    "dimensions_of_another_tenant_name_nobody",
    "event_without_a_project_takes_its_keys",
    "month_shows_the_name_of_its_last_day",
    "month_without_a_priced_day_has_no_cost",
    "project_without_a_team_takes_the_users",
    "rate_holds_from_its_first_day_to_the_day_before_its_last",
    "request_is_billed_only_where_a_rate_for_requests_exists",
    "rollup_spans_are_left_out",
    "unknown_model_is_unpriced_and_never_free",
    "unpriced_usage_has_no_cost",
}


def paired_leaves(macro: str) -> list[tuple[str, str]]:
    """The (token_type, column) pairs that the macro token_types() lists."""
    body = macro.split("{% endmacro %}", maxsplit=1)[0]
    return re.findall(r"\('(\w+)', '(\w+)'\)", body)


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model_has_a_yml_of_its_own(path):
    text = path.with_suffix(".yml").read_text()
    described = text.split("unit_tests:", maxsplit=1)[0]
    assert re.findall(r"^  - name: (\w+)$", described, re.MULTILINE) == [path.stem]


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_last_cte_bears_the_models_name(path):
    text = path.read_text()
    last = re.findall(r"^(\w+) as \($", text, re.MULTILINE)[-1]
    assert last == path.stem
    assert text.endswith(f")\n\nselect * from {path.stem}\n")


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model_is_short(path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


def test_every_model_is_parsed(models):
    assert set(models) == {path.stem for path in MODELS}


def test_first_sentence_of_a_description_says_the_grain(models):
    silent = [n for n, model in models.items() if not model["description"].startswith("One row ")]
    assert silent == []


def test_every_column_is_described(models):
    silent = [
        f"{name}.{column['name']}"
        for name, model in models.items()
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert silent == []
    assert all(model["columns"] for model in models.values())


def test_every_mart_and_view_has_an_enforced_contract(models):
    places = ("marts", "monthly", "views")
    readable = {n: m for n, m in models.items() if m["fqn"][1] in places}
    assert len(readable) > 15
    assert all(m["config"]["contract"]["enforced"] for m in readable.values())
    scaled = [
        f"{name}.{column['name']}"
        for name, model in readable.items()
        for column in model["columns"].values()
        if "numeric(" in column["data_type"]
    ]
    assert scaled == []


def test_every_mart_says_how_it_is_published(models):
    first = {"marts": "charge_date", "monthly": "billing_month"}
    for name, model in models.items():
        if model["fqn"][1] not in first:
            continue
        published = model["config"]["meta"]["published"]
        assert set(published) == PUBLISHED, name
        assert set(published["key"]) <= set(model["columns"]), name
        assert ("tenant_id" in model["columns"]) == (published["tenant_column"] == "tenant_id")
        assert next(iter(model["columns"])) == first[model["fqn"][1]] == published["date_column"]


def test_candidates_and_views_are_selected_by_tags(models):
    tags = {"views": "published", "monthly": "monthly"}
    # These wait for the shares, which are known once the others are built.
    waiting = {"int_distributed_parts", "fct_allocated_cost_daily"}
    for name, model in models.items():
        expected = {tags.get(model["fqn"][1], "candidate")}
        assert set(model["tags"]) == expected | ({"allocation"} if name in waiting else set()), name


def test_column_has_one_type_in_all_marts(models):
    # A reader may join by name.
    types: dict[str, set[str]] = {}
    for model in models.values():
        if model["fqn"][1] in ("marts", "monthly"):
            for column in model["columns"].values():
                types.setdefault(column["name"], set()).add(column["data_type"])
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_token_types_are_the_contracts_leaves():
    macro = (PROJECT / "macros" / "token_types.sql").read_text()
    assert paired_leaves(macro) == list(LEAVES)


def test_pools_are_filled_by_what_rules_may_filter_by():
    macro = (PROJECT / "macros" / "allocation.sql").read_text()
    of_lines, finer, *_ = macro.split("{% endmacro %}")
    listed = [re.findall(r"'(\w+)'", text.partition("return(")[2]) for text in (of_lines, finer)]
    assert listed[0] + listed[1] == list(ALL_DIMENSIONS)


def test_every_token_leaf_is_either_input_or_output():
    macro = (PROJECT / "macros" / "token_types.sql").read_text()
    _, inputs, outputs, *_ = macro.split("{% endmacro %}")
    sides = [re.findall(r"'(\w+_tokens)'", text) for text in (inputs, outputs)]
    leaves = [column for _, column in LEAVES if column.endswith("_tokens")]
    assert sides[0] + sides[1] == leaves


def test_every_business_rule_has_a_unit_test(parsed):
    assert {test["name"] for test in parsed["unit_tests"].values()} >= BUSINESS_RULES


@pytest.mark.parametrize("path", SINGULAR_TESTS, ids=lambda p: p.stem)
def test_data_test_says_which_rule_it_guards(path: Path):
    assert path.stem.startswith("assert_")
    assert path.read_text().startswith("-- Guards ")


def test_layers_point_one_way(models):
    above = {
        "intermediate": {"allocation", "marts", "monthly", "views"},
        "allocation": {"monthly", "views"},
        "marts": {"monthly", "views"},
        "monthly": {"intermediate", "monthly", "views"},
        "views": {"views"},
    }
    wrong = [
        f"{name} reads {parent}"
        for name, model in models.items()
        for parent in (node.split(".")[-1] for node in model["depends_on"]["nodes"])
        if parent in models and models[parent]["fqn"][1] in above[model["fqn"][1]]
    ]
    assert wrong == []


def test_project_folder_is_no_python_package():
    # dbt imports every top-level module named dbt_*
    assert not list(PROJECT.rglob("__init__.py"))
