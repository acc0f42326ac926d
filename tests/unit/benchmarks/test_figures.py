"""A figure is a ratio to its baseline, and says honestly whether its target holds."""

from __future__ import annotations

import pytest

from tests.benchmarks.figures import Figure, not_measured
from tests.benchmarks.tables import amount, row


def figure(value: float, baseline: float | None = 4.0, **more: object) -> Figure:
    return Figure("move", "land", value, "s", "pipe", baseline, **more)  # type: ignore[arg-type]


def test_the_ratio_is_the_value_by_its_baseline():
    assert figure(6.0).ratio == 1.5


@pytest.mark.parametrize("baseline", [None, 0.0])
def test_without_a_baseline_there_is_no_ratio_and_no_verdict(baseline):
    alone = figure(6.0, baseline, target=1.3)
    assert alone.ratio is None
    assert alone.meets_target is None


@pytest.mark.parametrize(
    ("value", "is_floor", "verdict"),
    [(5.2, False, "met"), (5.3, False, "missed"), (5.2, True, "met"), (5.1, True, "missed")],
)
def test_a_target_bounds_the_ratio_from_above_or_below(value, is_floor, verdict):
    assert figure(value, target=1.3, is_floor=is_floor).verdict == verdict


def test_what_was_not_measured_is_no_success_and_says_why():
    missing = not_measured("peers", "ingestr", "s", "not installed")
    assert missing.verdict == "not measured"
    assert missing.meets_target is None
    assert row(missing)[2] == "not installed"


def test_json_brings_a_figure_back_and_computes_the_ratio_anew():
    entry = figure(6.0, target=1.3).as_json()
    assert (entry["ratio"], entry["meets_target"]) == (1.5, False)
    assert Figure.from_json({**entry, "ratio": 0.1, "meets_target": True}) == figure(6, target=1.3)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.734, "0.73 s"), (12.34, "12.3 s"), (1234.5, "1,234 s"), (0.00123, "0.0012 s")],
)
def test_amounts_have_as_many_digits_as_count(value, shown):
    assert amount(value, "s") == shown
