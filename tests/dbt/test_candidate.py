"""One night through dbt equals an independent computation in exact decimals, mart by mart."""

from __future__ import annotations

from collections import defaultdict

import pytest

from meterr_etl.contract.columns import LEAVES

from .oracle import INPUTS, OUTPUTS, Oracle

COSTS = ("list_cost", "contracted_cost", "effective_cost", "billed_cost")
TENANT = ("tenant_id", "tenant_name")
WHERE = ("cost_center", "environment", "feature")
OWNER = (*TENANT, "team_id", "team_name", "project_id", "project_name", *WHERE)
CUBE_KEY = (
    "charge_date", *OWNER, "provider", "model", "region", "service_tier", "processing_mode",
    "token_type", "rate_id", "pricing_status", "list_unit_price", "billing_currency",
    "contract_term", "contracted_unit_price",
)  # fmt: skip
ROLL_UPS = {
    "usage_by_team_daily": (*TENANT, "team_id", "team_name", "cost_center"),
    "usage_by_model_daily": (*TENANT, "provider", "model"),
    "usage_by_user_daily": (*TENANT, "user_id", "team_id", "team_name"),
    "usage_by_feature_daily": (*TENANT, "feature", "environment"),
    "usage_by_environment_daily": (*TENANT, "environment"),
    "usage_by_tenant_daily": TENANT,
    "usage_by_hour": (*TENANT, "charge_hour_at", "team_id", "team_name"),
}


@pytest.fixture(scope="module")
def oracle(night) -> Oracle:
    return Oracle(night)


def grouped(lines, key):
    groups = defaultdict(list)
    for line in lines:
        groups[tuple(line[column] for column in key)].append(line)
    return groups


def total_costs(lines):
    priced = [line for line in lines if line["cost"] is not None]
    contracted = sum(line["contracted"] for line in priced) if priced else None
    return {
        **dict.fromkeys(COSTS, contracted),
        "list_cost": sum(line["cost"] for line in priced) if priced else None,
    }


def tokens(lines, columns):
    types = {token_type for token_type, column in LEAVES if column in columns}
    return sum(line["quantity"] for line in lines if line["token_type"] in types)


def measures(lines):
    unpriced = [line for line in lines if line["pricing_status"] == "unpriced"]
    return {
        "request_count": tokens(lines, ("request_count",)),
        "input_tokens": tokens(lines, INPUTS),
        "output_tokens": tokens(lines, OUTPUTS),
        "cache_read_tokens": tokens(lines, ("cache_read_tokens",)),
        "total_tokens": tokens(lines, INPUTS + OUTPUTS),
        "unpriced_tokens": tokens(unpriced, INPUTS + OUTPUTS),
        **total_costs(lines),
    }


def by_key(rows, key):
    found = {tuple(row.pop(column) for column in key): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_night_is_built_and_passes_its_unit_and_data_tests(night):
    assert night.code == 0, night.said
    assert "ERROR=0 SKIP=0" in night.said
    assert night.said.count(" PASS ") > 30


def test_cube_holds_every_price_line_exactly(night, oracle):
    expected = {
        key: {"consumed_quantity": sum(line["quantity"] for line in lines)} | total_costs(lines)
        for key, lines in grouped(oracle.lines, CUBE_KEY).items()
    }
    cube = night.rows("select * from candidate_s1.fct_usage_cost_daily")
    assert by_key(cube, CUBE_KEY) == expected


def test_owner_mart_has_token_types_in_columns(night, oracle):
    key = ("charge_date", *OWNER, "user_id", "api_key_id", "provider", "model", "billing_currency")
    expected = {}
    for group, lines in grouped(oracle.lines, key).items():
        wide = measures(lines)
        del wide["input_tokens"]
        wide |= {column: tokens(lines, (column,)) for _, column in LEAVES}
        expected[group] = wide
    rows = night.rows("select * from candidate_s1.fct_usage_by_owner_daily")
    assert by_key(rows, key) == expected


@pytest.mark.parametrize("mart", ROLL_UPS)
def test_roll_up_sums_the_same_lines(night, oracle, mart):
    key = ("charge_date", *ROLL_UPS[mart], "billing_currency")
    expected = {group: measures(lines) for group, lines in grouped(oracle.lines, key).items()}
    assert by_key(night.rows(f"select * from candidate_s1.{mart}"), key) == expected


def test_unpriced_usage_lists_quantities_and_reasons(night, oracle):
    key = ("charge_date", "tenant_id", "tenant_name", "provider", "model", "token_type")
    unpriced = [line for line in oracle.lines if line["pricing_status"] == "unpriced"]
    expected = {
        group: {
            "consumed_quantity": sum(line["quantity"] for line in lines),
            "reason": ", ".join(sorted({line["reason"] for line in lines})),
        }
        for group, lines in grouped(unpriced, key).items()
    }
    assert by_key(night.rows("select * from candidate_s1.unpriced_usage_daily"), key) == expected


def test_free_model_costs_nothing_and_unknown_model_has_no_cost(night):
    costs = {
        row["model"]: row["cost"]
        for row in night.rows(
            "select model, sum(list_cost) as cost from candidate_s1.fct_usage_cost_daily"
            " where token_type = 'output' and model in ('sonar', 'llama-at-home') group by model"
        )
    }
    assert costs == {"sonar": 0, "llama-at-home": None}


def test_tables_hold_what_their_contracts_describe(night, models):
    rows = night.rows(
        "select table_name, array_agg(column_name::text order by ordinal_position) as columns"
        " from information_schema.columns where table_schema = 'candidate_s1' group by table_name"
    )
    found = {row["table_name"]: row["columns"] for row in rows}
    assert len(built := {n: m for n, m in models.items() if n in found}) > 14
    assert {n: found[n] for n in built} == {n: list(m["columns"]) for n, m in built.items()}


def test_everything_that_dbt_builds_in_a_candidate_is_an_unlogged_table(night):
    kinds = night.rows(
        "select distinct relkind::text || relpersistence::text as kind from pg_class"
        " where relnamespace = 'candidate_s1'::regnamespace and relkind in ('r', 'v', 'm')"
        " and relname ~ '^(int|fct|usage|unpriced)_'"
    )
    assert kinds == [{"kind": "ru"}]
