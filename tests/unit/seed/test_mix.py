"""The made-up world adds up, and its models are ones that a catalogue prices."""

from datetime import UTC, date, datetime, timedelta

import pytest
from genai_prices.data_snapshot import get_snapshot

from meterr_etl.seed.mix import DRAW_RANGE, MODELS, cut_points, events_of_days, zipf_weights

WEEK = [date(2026, 11, 14) + timedelta(days=n) for n in range(7)]


def test_cut_points_deal_out_the_whole_range_in_proportion():
    cuts = cut_points([1, 1, 2])
    assert cuts == [0, DRAW_RANGE // 4, DRAW_RANGE // 2]


def test_first_of_a_zipf_has_twice_the_share_of_the_second():
    weights = zipf_weights(3)
    assert weights[0] == 2 * weights[1]


@pytest.mark.parametrize("events_per_day", [1, 13, 30_000])
def test_days_add_up_to_the_mean_exactly(events_per_day):
    assert sum(events_of_days(WEEK, events_per_day)) == 7 * events_per_day


def test_weekend_is_quieter_than_any_weekday():
    counts = dict(zip(WEEK, events_of_days(WEEK, 30_000), strict=True))
    weekend = [count for day, count in counts.items() if day.weekday() >= 5]
    weekdays = [count for day, count in counts.items() if day.weekday() < 5]
    assert max(weekend) < min(weekdays)


def test_single_day_has_just_the_events_asked_for():
    assert events_of_days([date(2026, 11, 15)], 1_000_000) == [1_000_000]


def in_millionths(price):
    """The catalogue's price per million tokens (of the lowest tier) per thousand, in 1/1e6 USD."""
    return getattr(price, "base", price) * 1000


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_but_the_self_hosted_one_is_in_the_catalogue(model):
    try:
        _, known = get_snapshot().find_provider_model(model.name, None, model.provider, None)
    except LookupError:
        assert model.provider == "vllm"
        return
    assert model.provider != "vllm"
    price = known.get_prices(datetime(2026, 11, 18, tzinfo=UTC))
    paid, cached, answered = model.prices
    assert in_millionths(price.input_mtok) == paid
    assert in_millionths(price.output_mtok) == answered
    if cached is not None:
        assert in_millionths(price.cache_read_mtok) == cached
