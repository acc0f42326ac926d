"""The marts gate against what is published and reported: it warns, or says it can't judge."""

import pytest


@pytest.mark.parametrize("factor", [3, 0.3])
def test_a_cost_per_token_that_drifted_warns(night, red, factor):
    night.plant(f"update marts.usage_by_model_daily set list_cost = list_cost * {factor}")
    assert red("marts", stops=False) == {"cost_per_token_as_usual"}


@pytest.mark.parametrize("usual", [5, 90])
def test_a_number_of_requests_that_drifted_warns(night, red, usual):
    night.plant(f"update marts.usage_by_model_daily set request_count = {usual}")
    assert red("marts", stops=False) == {"requests_as_usual"}


def test_drift_compares_with_published_days_that_the_run_leaves_alone(night, red):
    night.plant(
        "update marts.usage_by_model_daily set request_count = 9000, list_cost = 9000"
        " where charge_date = '2026-11-13'"
    )
    assert red("marts", stops=False) == set()


def test_drift_is_not_judged_by_two_published_days(night):
    night.plant("delete from ops.published_days where event_date = '2026-11-10'")
    assert night.judge("marts") is None
    assert night.outcomes("marts", "not judged") == {"cost_per_token_as_usual", "requests_as_usual"}


@pytest.mark.parametrize("factor", [1.06, 0.94])
def test_reported_cost_far_from_list_cost_warns(night, red, factor):
    night.plant(
        f"update staging.batch__RUN set reported_cost = reported_cost * {factor}",
        f"update staging.token_events set reported_cost = reported_cost * {factor}",
    )
    assert red("marts", stops=False) == {"reported_cost_near_list_cost"}


def test_reported_cost_is_not_judged_where_an_event_reports_none(night):
    night.plant(
        "update staging.batch__RUN set reported_cost = null"
        " where event_key in (md5('2026-11-14 1')::uuid, md5('2026-11-13 21')::uuid)"
    )
    assert night.judge("marts") is None
    assert night.outcomes("marts", "not judged") == {"reported_cost_near_list_cost"}


def test_dated_charges_are_no_price_of_a_token(night, red):
    night.plant(
        "create temp table charged as select * from marts.usage_by_model_daily",
        "update charged set model = 'seats', request_count = 0, total_tokens = 0, list_cost = 9",
        "insert into marts.usage_by_model_daily select * from charged",
    )
    assert red("marts", stops=False) == set()
