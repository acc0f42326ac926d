"""The exact share matrix: which part of each pool each bearer bears in the end (DESIGN §9).

Everything is a rational number. Pools that serve each other are solved as simultaneous equations:
with S the parts that pools serve pools and T those that they serve others, the final shares are
(I - S)⁻¹ T. Step-down is the case in which S is triangular.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

from meterr_etl.allocation.rules import Bearer, Rule

Weights = Mapping[Bearer, Fraction]


def nobody(pool: str) -> Bearer:
    """Return who bears what a pool can't distribute: declared, and never dropped."""
    return Bearer("unallocated", pool)


def rule_weights(rule: Rule, drivers: Mapping[Bearer, Fraction]) -> dict[Bearer, Fraction]:
    """Return the parts that a rule gives to its targets; they sum to exactly one.

    Args:
        rule: the rule that holds.
        drivers: the driver's amount of every team, project, cost center and pool that has one;
            where a rule names `every` kind, its members are those.
    """
    bearers = (
        [bearer for bearer in drivers if bearer.kind == rule.every]
        if rule.every
        else [target.bearer for target in rule.targets]
    )
    if rule.weights == "fixed":
        weights = {t.bearer: Fraction(t.weight or 0) for t in rule.targets}
    elif rule.weights == "even":
        weights = dict.fromkeys(bearers, Fraction(1))
    else:
        # Who was credited more than charged drives nothing: a negative part would charge others.
        weights = {bearer: max(drivers.get(bearer, Fraction(0)), Fraction(0)) for bearer in bearers}
        if not sum(weights.values()) and rule.if_driver_is_zero == "even":
            weights = dict.fromkeys(bearers, Fraction(1))
    return _above_minimum(_scaled(weights), Fraction(rule.minimum_share)) or {
        nobody(rule.pool): Fraction(1)
    }


def final_shares(weights: Mapping[str, Weights]) -> dict[str, dict[Bearer, Fraction]]:
    """Return which part of each pool each bearer that is no pool bears; each pool's sum to one.

    Unallocated is what is served to a pool without weights of its own, and a pool from which
    nobody but pools is reached, as on a day on which those that it follows used nothing.
    """
    pools = sorted(weights)
    served = _open({pool: _ended(weights[pool], weights) for pool in pools})
    bearers = sorted({b for parts in served.values() for b in parts if b.kind != "pool"})
    rows = [
        [
            *(Fraction(int(p == pool)) - served[pool].get(Bearer("pool", p), 0) for p in pools),
            *(served[pool].get(bearer, Fraction(0)) for bearer in bearers),
        ]
        for pool in pools
    ]
    solved = _eliminated([_whole(row) for row in rows])
    return {
        pool: {
            bearer: share
            for bearer, value in zip(bearers, row[len(pools) :], strict=True)
            if (share := Fraction(value, row[place]))
        }
        for place, (pool, row) in enumerate(zip(pools, solved, strict=True))
    }


def as_ratios(shares: Mapping[Bearer, Fraction]) -> tuple[dict[Bearer, int], int]:
    """Return shares as numerators over one denominator."""
    denominator = lcm(*(share.denominator for share in shares.values()))
    return {b: int(share * denominator) for b, share in shares.items()}, denominator


def _ended(served: Weights, pools: Mapping[str, Weights]) -> dict[Bearer, Fraction]:
    ended: dict[Bearer, Fraction] = {}
    for bearer, part in served.items():
        if not part:
            continue
        is_end = bearer.kind == "pool" and bearer.id not in pools
        end = nobody(bearer.id) if is_end else bearer
        ended[end] = ended.get(end, Fraction(0)) + part
    return ended


def _open(served: dict[str, dict[Bearer, Fraction]]) -> dict[str, dict[Bearer, Fraction]]:
    """Let pools that serve only each other end in nobody: their equations have no solution."""
    leaving: set[str] = set()
    while reached := {
        pool
        for pool, parts in served.items()
        if pool not in leaving and any(b.kind != "pool" or b.id in leaving for b in parts)
    }:
        leaving |= reached
    return {
        pool: parts if pool in leaving else {nobody(pool): Fraction(1)}
        for pool, parts in served.items()
    }


def _scaled(weights: Weights) -> dict[Bearer, Fraction]:
    total = sum(weights.values())
    return {bearer: weight / total for bearer, weight in weights.items() if weight} if total else {}


def _above_minimum(weights: dict[Bearer, Fraction], minimum: Fraction) -> dict[Bearer, Fraction]:
    # The greatest stays in any case: a minimum that none reaches would leave nobody to pay.
    greatest = max(weights.values(), default=Fraction(0))
    return _scaled({b: w for b, w in weights.items() if w >= min(minimum, greatest)})


def _whole(row: list[Fraction]) -> list[int]:
    scale = lcm(*(value.denominator for value in row))
    return [int(value * scale) for value in row]


def _eliminated(rows: list[list[int]]) -> list[list[int]]:
    """Diagonalise the left part by fraction-free elimination (Bareiss 1968): all stays whole.

    No pivot is zero: where a bearer is reached from every pool, I - S is an M-matrix.
    """
    former = 1
    for place in range(len(rows)):
        at = rows[place]
        for number, row in enumerate(rows):
            if number != place:
                factor = row[place]
                rows[number] = [
                    (value * at[place] - factor * other) // former
                    for value, other in zip(row, at, strict=True)
                ]
        former = at[place]
    return rows
