"""Each guard of the dbt project turns red at the fault that it is there for."""

from __future__ import annotations

import psycopg
import pytest

TWO_RATES = """
    insert into candidate_s1.rates
    select 'twin', catalogue, catalogue_version, provider_id, model_id, token_type,
        processing_mode, service_tier, context_above_tokens, valid_from, valid_to, unit_price,
        currency, reference_version, retired_by, time_of_day_from
    from candidate_s1.rates where rate_id = 'g-out'
"""
FAULTS = [
    (
        "assert_mart_keys_are_unique",
        "insert into usage_by_hour select * from usage_by_hour limit 1",
    ),
    (
        "assert_mart_keys_are_unique",
        "insert into fct_usage_cost_daily select * from fct_usage_cost_daily limit 1",
    ),
    (
        "assert_cost_is_quantity_times_price",
        "update fct_usage_cost_daily set list_cost = round(list_cost, 4)",
    ),
    (
        "assert_cost_is_quantity_times_price",
        "update fct_usage_cost_daily set billed_cost = null",
    ),
    (
        "assert_cost_is_quantity_times_price",
        "update fct_usage_cost_daily set contracted_unit_price = 1 where contract_term is not null",
    ),
    (
        "assert_only_priced_lines_have_rates_and_costs",
        "update fct_usage_cost_daily set list_cost = 0 where pricing_status = 'unpriced'",
    ),
    (
        "assert_only_priced_lines_have_rates_and_costs",
        "update fct_usage_cost_daily set pricing_status = 'priced' where rate_id is null",
    ),
    ("assert_unpriced_usage_is_the_cubes", "delete from unpriced_usage_daily"),
    (
        "assert_unpriced_usage_is_the_cubes",
        "update unpriced_usage_daily set consumed_quantity = consumed_quantity + 1",
    ),
    (
        "assert_mart_keys_are_unique",
        "insert into fct_contract_rates_daily select * from fct_contract_rates_daily limit 1",
    ),
    (
        "assert_only_affected_days_are_built",
        "delete from affected_days where event_date = '2026-11-15'",
    ),
    (
        "assert_tokens_are_input_and_output",
        "update usage_by_team_daily set total_tokens = total_tokens + 1",
    ),
    (
        "accepted_values_fct_usage_cost_daily_pricing_status__priced__unpriced__not_billed__charged",
        "update fct_usage_cost_daily set pricing_status = 'free' where rate_id is null",
    ),
    (
        "accepted_values_fct_usage_cost_daily_processing_mode__sync__batch",
        "update fct_usage_cost_daily set processing_mode = 'flex'",
    ),
    (
        "accepted_values_fct_sku_rates_daily_pricing_status__priced__unpriced__not_billed",
        "update fct_sku_rates_daily set pricing_status = 'free'",
    ),
    (
        "assert_allocated_keys_are_unique",
        "insert into fct_allocated_cost_daily select * from fct_allocated_cost_daily limit 1",
    ),
    (
        "accepted_values_fct_allocated_cost_daily_allocation_status__direct__allocated__held__unallocated",
        "update fct_allocated_cost_daily set allocation_status = 'lost'",
    ),
]


@pytest.mark.parametrize(("guard", "fault"), FAULTS)
def test_data_test_turns_red_at_its_fault(night, planted, guard, fault):
    query = night.dbt.compiled_tests()[guard]
    connection = planted("select 1")
    assert connection.execute(query).fetchall() == []
    planted(fault)
    assert connection.execute(query).fetchall() != []


def test_every_data_test_has_its_fault(night):
    assert set(night.dbt.compiled_tests()) == {guard for guard, _ in FAULTS}


@pytest.mark.parametrize(
    ("fault", "model"),
    [
        pytest.param(TWO_RATES, "int_sku_rates", id="two rates in force at once"),
        pytest.param(
            "insert into candidate_s1.exchange_rates select from_currency, to_currency, rate + 1,"
            " valid_from, valid_to from candidate_s1.exchange_rates",
            "int_contract_rates",
            id="two exchange rates at once",
        ),
        pytest.param(
            "insert into candidate_s1.projects select * from candidate_s1.projects",
            "int_ownership",
            id="a dimension with a member twice",
        ),
    ],
)
def test_build_stops_where_usage_would_be_billed_twice(night, fault, model):
    with psycopg.connect(night.url, autocommit=True) as connection:
        before = connection.execute("select count(*) from candidate_s1.rates").fetchone()
        connection.execute("create table candidate_s1.kept as select * from candidate_s1.projects")
        try:
            connection.execute(fault)
            code, said = night.dbt("run", "--select", model, url=night.url)
        finally:
            connection.execute("delete from candidate_s1.rates where rate_id = 'twin'")
            connection.execute("delete from candidate_s1.exchange_rates where rate > 1")
            connection.execute("truncate candidate_s1.projects")
            connection.execute("insert into candidate_s1.projects select * from candidate_s1.kept")
            connection.execute("drop table candidate_s1.kept")
        assert before == connection.execute("select count(*) from candidate_s1.rates").fetchone()
    assert code == 1
    assert "could not create unique index" in said


def test_marts_are_never_built_over_the_published_ones(night):
    code, said = night.dbt(
        "run", "--select", "usage_by_team_daily", url=night.url, target="published"
    )
    assert code == 1
    assert "built in a candidate only" in said


def test_months_are_never_built_by_dbt(night):
    code, said = night.dbt("run", "--select", "chargeback_monthly", url=night.url)
    assert code == 1
    assert "is derived by the publish step" in said


def test_views_are_unknown_to_a_candidate(night):
    code, said = night.dbt("ls", "--select", "tag:published", url=night.url)
    assert code != 0
    assert "does not match any enabled nodes" in said
