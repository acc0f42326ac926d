"""The share matrix is exact: nothing is lost, and the order of what is written changes nothing."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from meterr_etl.allocation.rules import Bearer
from meterr_etl.allocation.shares import Weights, as_ratios, final_shares, nobody

TEAMS = [Bearer("team", f"t{n}") for n in range(6)]


@st.composite
def matrices(draw: st.DrawFn, most_pools: int = 6) -> dict[str, Weights]:
    """Pools that serve each other and teams as they like; on a quiet day nobody but each other."""
    pools = [f"p{n}" for n in range(draw(st.integers(1, most_pools)))]
    found = {}
    for pool in pools:
        others = [Bearer("pool", other) for other in pools if other != pool]
        served = draw(st.dictionaries(st.sampled_from([*others, *TEAMS]), st.integers(0, 999)))
        if not (total := sum(served.values())):
            served, total = {nobody(pool): 1}, 1
        found[pool] = {bearer: Fraction(part, total) for bearer, part in served.items()}
    return found


@given(matrices())
def test_every_pools_shares_sum_to_exactly_one(weights: dict[str, Weights]) -> None:
    for shares in final_shares(weights).values():
        assert sum(shares.values()) == 1
        assert all(share > 0 and bearer.kind != "pool" for bearer, share in shares.items())


@given(matrices(), st.randoms())
def test_order_of_pools_and_targets_changes_nothing(
    weights: dict[str, Weights], dice: random.Random
) -> None:
    pools = list(weights)
    dice.shuffle(pools)
    shuffled = {}
    for pool in pools:
        served = list(weights[pool].items())
        dice.shuffle(served)
        shuffled[pool] = dict(served)
    assert final_shares(shuffled) == final_shares(weights)


@given(matrices())
def test_final_shares_solve_the_equations(weights: dict[str, Weights]) -> None:
    final = final_shares(weights)
    for pool, served in weights.items():
        for team in TEAMS:
            through = sum(
                part * final[bearer.id].get(team, 0)
                for bearer, part in served.items()
                if bearer.kind == "pool"
            )
            assert final[pool].get(team, 0) == served.get(team, 0) + through


def test_two_pools_that_serve_each_other_as_in_the_textbook() -> None:
    a, b = Bearer("team", "a"), Bearer("team", "b")
    final = final_shares(
        {
            "one": {Bearer("pool", "two"): Fraction(1, 5), a: Fraction(4, 5)},
            "two": {Bearer("pool", "one"): Fraction(3, 10), b: Fraction(7, 10)},
        }
    )
    borne = {t: 100 * final["one"].get(t, 0) + 200 * final["two"].get(t, 0) for t in (a, b)}
    # The pools' own totals are 8000/47 and 11000/47; of these they keep 80 % and 70 %.
    assert borne == {
        a: Fraction(8000, 47) * Fraction(4, 5),
        b: Fraction(11000, 47) * Fraction(7, 10),
    }


def test_fifty_pools_with_random_links_conserve_to_the_last_digit() -> None:
    dice = random.Random(7)
    pools = [f"p{n:02}" for n in range(50)]
    weights: dict[str, Weights] = {}
    for pool in pools:
        others = [Bearer("pool", p) for p in dice.sample(pools, 12) if p != pool]
        parts = {bearer: dice.randint(1, 10**6) for bearer in (*others, *dice.sample(TEAMS, 3))}
        weights[pool] = {b: Fraction(part, sum(parts.values())) for b, part in parts.items()}
    final = final_shares(weights)
    assert {sum(shares.values()) for shares in final.values()} == {1}
    for shares in final.values():
        numerators, denominator = as_ratios(shares)
        assert sum(numerators.values()) == denominator


def test_part_served_to_a_pool_without_a_rule_is_unallocated() -> None:
    final = final_shares(
        {"one": {Bearer("pool", "gone"): Fraction(1, 4), TEAMS[0]: Fraction(3, 4)}}
    )
    assert final["one"] == {Bearer("unallocated", "gone"): Fraction(1, 4), TEAMS[0]: Fraction(3, 4)}


def test_pools_that_serve_only_each_other_are_unallocated_and_change_no_other() -> None:
    final = final_shares(
        {
            "one": {Bearer("pool", "two"): Fraction(1)},
            "two": {Bearer("pool", "one"): Fraction(1), TEAMS[0]: Fraction(0)},
            "into both": {Bearer("pool", "one"): Fraction(1, 4), TEAMS[1]: Fraction(3, 4)},
        }
    )
    assert final == {
        "one": {nobody("one"): 1},
        "two": {nobody("two"): 1},
        "into both": {nobody("one"): Fraction(1, 4), TEAMS[1]: Fraction(3, 4)},
    }
