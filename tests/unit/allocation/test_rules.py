"""A rules file says what it may, and everything wrong in it is named with its line and its fix."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from meterr_etl.allocation.reading import read_rules
from meterr_etl.allocation.rules import AllocationRules, Bearer, Rule
from meterr_etl.allocation.shares import rule_weights
from meterr_etl.errors import InputError

GOOD = """\
tenant_id: acme
method: step_down
pools:
  - name: platform
    filter: {team_id: [platform]}
  - name: untagged
    filter: {project_id: [unassigned]}
rules:
  - pool: platform
    valid_from: 2026-11-01
    weights: fixed
    targets:
      - {pool: untagged, weight: 0.1}
      - {team: core, weight: 0.9}
  - pool: untagged
    valid_from: 2026-11-01
    weights: proportional
    driver: tokens
    every: team
"""
CORE, OPS = Bearer("team", "core"), Bearer("team", "ops")


@pytest.fixture
def read(tmp_path: Path):
    def reading(text: str) -> AllocationRules:
        path = tmp_path / "rules.yml"
        path.write_text(text)
        return read_rules(path)

    return reading


def test_good_file_is_read(read) -> None:
    found = read(GOOD)
    assert [pool.name for pool in found.pools] == ["platform", "untagged"]
    assert found.holding_on(date(2026, 10, 31)) == {}
    assert set(found.holding_on(date(2026, 11, 1))) == {"platform", "untagged"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight: 0.9", "weight: 0.8", "line 9: The weights sum to 0.9. They must sum to exactly"),
        ("{team_id: [", "{team: [", "line 5: A price line has no 'team'. Filter by team_id"),
        ("- pool: untagged", "- pool: other", "line 6: No rule distributes the pool 'untagged'."),
        ("{team_id: [", "{tags.: [", "line 5: A price line has no 'tags.'. Filter by team_id"),
        ("{pool: untagged,", "{pool: nowhere,", "line 13: There is no pool 'nowhere'. Name one of"),
        ("{pool: untagged,", "{pool: platform,", "line 13: A pool can't serve itself."),
        ("name: untagged", "name: platform", "line 6: A pool 'platform' stands above. Rename one."),
        ("    every: team\n", "", "line 15: rules.1: Value error, give either targets or every."),
        ("driver: tokens", "driver: love", "line 18: There is no driver 'love'. Name one of cost,"),
        ("method: step_down", "method: magic", "line 2: method: Input should be 'step_down'"),
        ("    every: team", "    targets: [{pool: platform}]", "which was distributed before it."),
        ("name: untagged", "name: direct", "line 6: 'direct' is what is in no pool. Rename it."),
        ("tenant_id: acme\n", "", "line 1: tenant_id: Field required."),
        ("- {team: core, weight: 0.9}", "- {team: core}", "line 9: A target has no weight."),
        ("weight: 0.9}", "weight: 0.9, project: x}", "name exactly one of team, project"),
    ],
)  # fmt: skip
def test_fault_is_named_with_its_line_and_its_fix(read, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as error:
        read(GOOD.replace(old, new))
    assert said in str(error.value)


@pytest.mark.parametrize("changed", ["valid_from: 2026-11-02", "valid_to: 2026-11-15"])
def test_rule_by_month_holds_for_whole_months(read, changed: str) -> None:
    name, _ = changed.split(": ")
    rule = {"pool": "untagged", "valid_from": "2026-11-01", "valid_to": "2027-01-01"}
    said = "\n    ".join(f"{k}: {v}" for k, v in {**rule, name: changed.split(": ")[1]}.items())
    text = GOOD.replace("pool: untagged\n    valid_from: 2026-11-01", f"{said}\n    period: month")
    with pytest.raises(InputError, match="a rule by month begins and ends on the first day"):
        read(text)


def test_pool_by_day_that_serves_one_by_month_is_refused(read) -> None:
    text = GOOD.replace("driver: tokens", "driver: tokens\n    period: month")
    with pytest.raises(InputError) as error:
        read(text)
    assert "line 13: 'platform' is distributed by day, and serves 'untagged'" in str(error.value)
    both = text.replace("weights: fixed", "weights: fixed\n    period: month")
    assert {rule.period for rule in read(both).rules} == {"month"}


METRICS = """\
metrics:
  - name: heads
    amounts:
      - {team: core, amount: 12, valid_from: 2026-11-01, valid_to: 2026-11-15}
      - {team: core, amount: 13.5, valid_from: 2026-11-15}
      - {team: ops, amount: 4, valid_from: 2026-11-01}
"""
BY_HEADS = GOOD.replace("driver: tokens", "driver: heads") + METRICS


def test_metric_says_on_each_day_what_its_dated_amounts_say(read) -> None:
    found = read(BY_HEADS)
    assert found.metrics_on(date(2026, 11, 14)) == {"heads": {CORE: 12, OPS: 4}}
    assert found.metrics_on(date(2026, 11, 15)) == {"heads": {CORE: Fraction(27, 2), OPS: 4}}
    assert found.metrics_on(date(2026, 10, 31)) == {"heads": {}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: heads", "name: tokens", "line 21: 'tokens' is a driver already. Rename it."),
        (", valid_to: 2026-11-15", "", "line 24: Of the team 'core' two amounts hold at once."),
        ("{team: ops, amount: 4", "{team: ops, amount: -4", "greater than or equal to 0"),
        ("{team: ops, amount: 4", "{amount: 4", "name exactly one of team, project"),
        ("valid_to: 2026-11-15", "valid_to: 2026-11-01", "valid_to must be later"),
    ],
)
def test_fault_of_a_metric_is_named(read, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read(BY_HEADS.replace(old, new))
    assert said in str(error.value)


def test_changed_amount_redistributes_from_its_own_day(read) -> None:
    former = read(BY_HEADS)
    changed = read(BY_HEADS.replace("amount: 13.5", "amount: 14"))
    assert changed.first_changed_day(former) == date(2026, 11, 15)
    assert read(GOOD).first_changed_day(former) == date(2026, 11, 1)


def test_pool_may_ask_for_users_keys_and_tags(read) -> None:
    found = read(GOOD.replace("{team_id: [platform]}", "{user_id: [u1], tags.job: [x, y]}"))
    assert found.pools[0].filter["user_id"] == ("u1",)
    assert found.pools[0].tags == {"job": ["x", "y"]}
    assert found.pools[1].tags == {}


def test_overlapping_rules_of_one_pool_are_refused(read) -> None:
    again = GOOD + "  - {pool: untagged, valid_from: 2026-12-01, weights: even, every: team}\n"
    with pytest.raises(
        InputError, match="line 20: Two rules of the pool 'untagged' hold on 2026-12"
    ):
        read(again)


def test_rule_may_follow_another_on_the_day_that_it_ends(read) -> None:
    ended = GOOD.replace("driver: tokens", "driver: tokens\n    valid_to: 2026-12-01")
    found = read(
        ended + "  - {pool: untagged, valid_from: 2026-12-01, weights: even, every: team}\n"
    )
    assert found.holding_on(date(2026, 12, 1))["untagged"].weights == "even"


def test_loop_of_pools_that_nothing_leaves_is_refused(read) -> None:
    closed = (
        GOOD.replace("step_down", "reciprocal")
        .replace("weight: 0.1}", "weight: 1}")
        .replace("      - {team: core, weight: 0.9}\n", "")
        .replace("every: team", "targets: [{pool: platform}]")
    )
    with pytest.raises(InputError, match="platform, untagged serve only each other"):
        read(closed)


def test_file_that_is_no_yaml_is_refused(read) -> None:
    with pytest.raises(InputError, match="can't be read as YAML"):
        read("pools: [")


def rule(**fields: object) -> Rule:
    return Rule.model_validate({"pool": "p", "valid_from": "2026-11-01", **fields})


def test_proportional_parts_follow_the_driver_and_pass_over_what_is_negative() -> None:
    drivers = {CORE: Fraction(30), OPS: Fraction(-5), Bearer("team", "web"): Fraction(10)}
    parts = rule_weights(rule(weights="proportional", driver="cost", every="team"), drivers)
    assert parts == {CORE: Fraction(3, 4), Bearer("team", "web"): Fraction(1, 4)}


def test_driver_of_zero_is_unallocated_unless_the_rule_says_even() -> None:
    given = {
        "weights": "proportional",
        "driver": "cost",
        "targets": [{"team": "core"}, {"team": "ops"}],
    }
    assert rule_weights(rule(**given), {}) == {Bearer("unallocated", "p"): 1}
    even = rule_weights(rule(**given, if_driver_is_zero="even"), {})
    assert even == {CORE: Fraction(1, 2), OPS: Fraction(1, 2)}


def test_parts_below_the_minimum_go_to_the_others() -> None:
    drivers = {CORE: Fraction(97), OPS: Fraction(3)}
    given = {"weights": "proportional", "driver": "cost", "every": "team"}
    assert rule_weights(rule(**given, minimum_share="0.05"), drivers) == {CORE: 1}
    assert len(rule_weights(rule(**given, minimum_share="0.03"), drivers)) == 2
    assert rule_weights(rule(**given, minimum_share="0.99"), drivers) == {CORE: 1}
