"""Every expectation of the marts gate goes red by its own planted fault, and by no other."""

import pytest

from meterr_etl.contract.columns import LEAVES
from meterr_etl.gates.marts import CANDIDATE, ROLL_UPS, marts_checkpoint
from meterr_etl.gates.measuring import measure
from meterr_etl.ledger.runs import load_run
from meterr_etl.settings import settings

ALLOCATION = ("fct_allocated_cost_daily", "fct_pooled_cost_daily")
MARTS = [CANDIDATE[key] for key in ROLL_UPS]
QUANTITIES = ["request_count", "output_tokens", "cache_read_tokens", "total_tokens"]
COSTS = ["list_cost", "contracted_cost", "effective_cost", "billed_cost"]
LAST_DIGIT = "0.000000000000000000000000000001"

MOVED = "update ops.published_days set version = 2 where event_date = '2026-11-13'"


def change(mart: str, assignment: str, which: str = "true") -> str:
    """Update one row of a mart of the candidate."""
    return (
        f"update candidate_RUN.{mart} set {assignment} where ctid in"
        f" (select ctid from candidate_RUN.{mart} where {which} order by charge_date desc limit 1)"
    )


def change_line(assignment: str, which: str = "pricing_status = 'priced'") -> str:
    return change("fct_usage_cost_daily", assignment, which)


def test_events_missing_from_the_affected_days_stop_the_run(night, red):
    night.plant("update ops.published_days set event_count = 21 where event_date = '2026-11-13'")
    assert red("marts", stops=True) == {"affected_events_complete"}
    _, _, sample = night.verdicts("marts")["affected_events_complete"]
    assert sample == [
        {
            "event_date": "2026-11-13",
            "published": 21,
            "superseded": 1,
            "staged": 2,
            "affected": 21,
        }
    ]


def test_a_token_that_is_on_no_price_line_stops_the_run(night, red):
    night.plant(
        "update staging.batch_other__RUN set reasoning_tokens = 1"
        " where event_key = md5('2026-11-13 21')::uuid"
    )
    assert red("marts", stops=True) == {"price_lines_hold_all_usage"}
    _, message, sample = night.verdicts("marts")["price_lines_hold_all_usage"]
    assert message.startswith("1 sums per day, tenant and token type differ")
    assert sample == [
        {
            "charge_date": "2026-11-13",
            "tenant_id": "tenant-b",
            "token_type": "reasoning",
            "events": 1,
            "price_lines": 0,
        }
    ]


def test_every_leaf_of_the_contract_is_compared(night):
    for token_type, column in LEAVES:
        night.plant(f"update staging.batch_other__RUN set {column} = coalesce({column}, 0) + 3")
        found = measure(marts_checkpoint(load_run(night.run_id)))["type_gap_rows"]
        assert [row["token_type"] for row in found] == [token_type]
        night.plant(f"update staging.batch_other__RUN set {column} = nullif({column} - 3, 0)")


def test_usage_under_another_tenant_stops_the_run(night, red):
    night.plant(
        "create temp table swap (old text, new text)",
        "insert into swap values ('tenant-a', 'tenant-b'), ('tenant-b', 'tenant-a')",
        *(
            f"update candidate_RUN.{mart} set tenant_id = new from swap where tenant_id = old"
            for mart in ("fct_usage_cost_daily", *ALLOCATION, *MARTS)
        ),
    )
    assert red("marts", stops=True) == {"price_lines_hold_all_usage"}


def test_an_extra_unit_needs_its_price_line(night, red):
    night.plant(
        "update staging.batch_20261114__RUN set extra_units = '{\"image\": 2.5}'"
        " where event_key = md5('2026-11-14 2')::uuid"
    )
    assert red("marts", stops=True) == {"price_lines_hold_all_usage"}
    night.plant(
        "insert into candidate_RUN.fct_usage_cost_daily (charge_date, tenant_id, provider, model,"
        " region, service_tier, processing_mode, token_type, pricing_status, consumed_quantity,"
        " billing_currency) values ('2026-11-14', 'tenant-a', 'openai', 'gpt-known', 'unassigned',"
        " 'default', 'sync', 'image', 'unpriced', 2.5, 'USD')"
    )
    assert red("marts", stops=False) == set()


@pytest.mark.parametrize("mart", MARTS)
def test_a_quantity_that_a_roll_up_lost_stops_the_run(night, red, mart):
    night.plant(*(change(mart, f"{column} = {column} + 1") for column in QUANTITIES))
    assert red("marts", stops=True) == {"roll_ups_hold_all_usage"}
    _, _, sample = night.verdicts("marts")["roll_ups_hold_all_usage"]
    assert {row["mart"] for row in sample} == {mart}
    assert {row["measure"] for row in sample} >= set(QUANTITIES)


@pytest.mark.parametrize("mart", MARTS)
def test_the_last_digit_of_a_cost_that_a_roll_up_lost_stops_the_run(night, red, mart):
    night.plant(*(change(mart, f"{cost} = {cost} - {LAST_DIGIT}") for cost in COSTS))
    assert red("marts", stops=True) == {"roll_ups_hold_all_cost"}
    _, _, sample = night.verdicts("marts")["roll_ups_hold_all_cost"]
    assert {(row["mart"], row["measure"]) for row in sample} == {(mart, cost) for cost in COSTS}


@pytest.mark.parametrize("mart", ALLOCATION)
@pytest.mark.parametrize("cost", COSTS)
def test_a_picodollar_that_nobody_bears_stops_the_run(night, red, cost, mart):
    night.plant(change(mart, f"{cost} = {cost} - 0.000000000001"))
    assert red("marts", stops=True) == {"allocation_holds_all_cost"}
    _, _, sample = night.verdicts("marts")["allocation_holds_all_cost"]
    assert {row["measure"] for row in sample} == {cost}


def test_a_cost_in_another_currency_is_another_cost(night, red):
    night.plant(change("usage_by_hour", "billing_currency = 'EUR'"))
    assert red("marts", stops=True) == {"roll_ups_hold_all_cost"}


def test_a_cost_that_is_not_the_exact_product_stops_the_run(night, red):
    night.plant(change_line(f"list_unit_price = list_unit_price + {LAST_DIGIT}"))
    assert red("marts", stops=True) == {"cost_is_quantity_times_rate"}
    _, _, sample = night.verdicts("marts")["cost_is_quantity_times_rate"]
    assert sample[0]["list_cost"] != sample[0]["exact_cost"]


def test_a_negative_cost_stops_the_run(night, red):
    night.plant(
        change_line("billed_cost = -0.5"),
        *(
            f"update candidate_RUN.{mart} as r set billed_cost = (select sum(l.billed_cost)"
            " from candidate_RUN.fct_usage_cost_daily as l where l.charge_date = r.charge_date"
            " and l.tenant_id = r.tenant_id)"
            for mart in (*ALLOCATION, *MARTS)
        ),
    )
    assert red("marts", stops=True) == {"no_negative_cost"}
    assert night.verdicts("marts")["no_negative_cost"][2][0]["billed_cost"] == "-0.5"


def test_a_priced_line_without_a_rate_stops_the_run(night, red):
    night.plant(change_line("rate_id = null"))
    assert red("marts", stops=True) == {"priced_lines_have_rates"}
    assert night.verdicts("marts")["priced_lines_have_rates"][2][0]["rate_id"] is None


def test_an_unpriced_line_that_costs_nothing_instead_of_null_stops_the_run(night, red):
    night.plant(change_line("effective_cost = 0", "pricing_status = 'unpriced'"))
    assert red("marts", stops=True) == {"unpriced_lines_have_no_cost"}
    _, _, sample = night.verdicts("marts")["unpriced_lines_have_no_cost"]
    assert sample[0]["pricing_status"] == "unpriced"


@pytest.mark.parametrize(("allowed", "stops"), [("0.0170", True), ("0.0171", False)])
def test_more_unpriced_tokens_than_the_source_allows_stop_the_run(
    night, red, monkeypatch, allowed, stops
):
    monkeypatch.setenv("METERR_SOURCES__SUPABASE__UNPRICED_MAX_SHARE", allowed)
    settings.cache_clear()
    assert red("marts", stops=stops) == ({"unpriced_share_small"} if stops else set())
    message = night.verdicts("marts")["unpriced_share_small"][1]
    assert "1,180 of 69,202 tokens have no price, mostly openai/gpt-known 1180" in message


def test_each_source_answers_for_its_own_tokens(night, red, monkeypatch):
    """A day shared with a source that may stay unpriced must not stop the other's nights."""
    monkeypatch.setenv("METERR_SOURCES__SUPABASE__UNPRICED_MAX_SHARE", "0")
    monkeypatch.setenv("METERR_SOURCES__TRACES__UNPRICED_MAX_SHARE", "1")
    settings.cache_clear()
    night.plant(
        "insert into staging.sources (source) values ('traces')",
        "update staging.batch__RUN set source_id = 2 where sku_key = 20",
    )
    assert red("marts", stops=False) == set()


def test_a_model_that_nothing_prices_warns_by_name(night, red):
    night.plant(
        "update candidate_RUN.fct_usage_cost_daily set provider = 'acme', model = 'mystery'"
        " where processing_mode = 'batch'"
    )
    assert red("marts", stops=False) == {"models_priced"}
    _, message, sample = night.verdicts("marts")["models_priced"]
    assert "acme/mystery" in message
    assert sample[0]["consumed_quantity"] == "1040"


def test_an_affected_day_without_price_lines_stops_the_run(night, red):
    # Moved, so that the sums of the day, which would be red too, are not compared.
    night.plant(
        MOVED,
        "delete from candidate_RUN.fct_usage_cost_daily where charge_date = '2026-11-13'",
    )
    assert red("marts", stops=True) == {"affected_days_present"}
    assert "2026-11-13" in night.verdicts("marts")["affected_days_present"][1]


@pytest.mark.parametrize("mart", ["fct_usage_cost_daily", *MARTS])
def test_a_day_that_the_run_does_not_affect_stops_it(night, red, mart):
    night.plant(
        f"insert into candidate_RUN.{mart} (charge_date, tenant_id, billing_currency)"
        " values ('2026-11-12', 'tenant-a', 'USD')"
    )
    assert red("marts", stops=True) == {"no_other_day_built"}
    assert "2026-11-12" in night.verdicts("marts")["no_other_day_built"][1]


def test_a_day_that_another_run_moved_is_left_to_the_publish(night, red):
    night.plant(
        MOVED,
        "update staging.batch_other__RUN set reasoning_tokens = 1",
        "update ops.published_days set event_count = 99 where event_date = '2026-11-13'",
        change("usage_by_hour", "list_cost = 9", "charge_date = '2026-11-13'"),
    )
    assert red("marts", stops=False) == set()
    message = night.verdicts("marts")["price_lines_hold_all_usage"][1]
    assert "not compared, since they moved after they were built: 2026-11-13" in message


def test_a_night_without_events_passes(night):
    night.plant(
        "delete from staging.batch__RUN",
        "delete from ops.run_days where event_date = '2026-11-13'",
        "delete from candidate_RUN.affected_days where event_date = '2026-11-13'",
        "create or replace view candidate_RUN.affected_events as select * from staging.batch__RUN",
        *(
            f"delete from candidate_RUN.{mart}"
            for mart in ("fct_usage_cost_daily", *ALLOCATION, *MARTS)
        ),
    )
    assert night.judge("marts") is None
    assert night.outcomes("marts", "failed") == set()
