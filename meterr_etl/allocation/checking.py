"""Finds what is wrong between the parts of a rules file, each part being well formed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from meterr_etl.allocation.rules import DIMENSIONS, AllocationRules, Rule
from meterr_etl.reviewed_files import Fault

# How the marts name cost that stays with its owner.
DIRECT = "direct"


def faults(found: AllocationRules) -> list[Fault]:
    """Return everything that makes the rules unusable; empty if they may be loaded."""
    return [
        *_pool_faults(found),
        *_rule_faults(found),
        *_overlaps(found),
        *_order_faults(found),
        *_closed_loops(found),
    ]


def _pool_faults(found: AllocationRules) -> Iterator[Fault]:
    names = [pool.name for pool in found.pools]
    for place, pool in enumerate(found.pools):
        if pool.name == DIRECT:
            yield Fault(("pools", place), f"'{DIRECT}' is what is in no pool.", "Rename it.")
        if pool.name in names[:place]:
            yield Fault(("pools", place), f"A pool '{pool.name}' stands above.", "Rename one.")
        for dimension in set(pool.filter) - set(DIMENSIONS):
            yield Fault(
                ("pools", place, "filter"),
                f"A price line has no '{dimension}'.",
                f"Filter by {', '.join(DIMENSIONS)}.",
            )
    for name in sorted(set(names) - {rule.pool for rule in found.rules}):
        yield Fault(
            ("pools", names.index(name)),
            f"No rule distributes the pool '{name}'.",
            "Add a rule for it, or leave the pool out.",
        )


def _rule_faults(found: AllocationRules) -> Iterator[Fault]:
    names = {pool.name for pool in found.pools}
    for place, rule in enumerate(found.rules):
        where = ("rules", place)
        if rule.pool not in names:
            yield Fault(where, f"There is no pool '{rule.pool}'.", _one_of(names))
        yield from _target_faults(rule, where, names)
        given = [target.weight for target in rule.targets if target.weight is not None]
        if rule.weights != "fixed" and given:
            yield Fault(where, "Weights are given, but they are not fixed.", "Say weights: fixed.")
        elif rule.weights == "fixed" and len(given) < len(rule.targets):
            yield Fault(where, "A target has no weight.", "Give each target its weight.")
        elif rule.weights == "fixed" and sum(given) != 1:
            yield Fault(
                where,
                f"The weights sum to {sum(given, Decimal(0))}.",
                "They must sum to exactly 1.",
            )


def _target_faults(rule: Rule, where: tuple[str | int, ...], names: set[str]) -> Iterator[Fault]:
    bearers = [target.bearer for target in rule.targets]
    for place, bearer in enumerate(bearers):
        here = (*where, "targets", place)
        if bearer in bearers[:place]:
            yield Fault(here, f"The {bearer.kind} '{bearer.id}' is named twice.", "Leave one out.")
        if bearer.kind == "pool" and bearer.id not in names:
            yield Fault(here, f"There is no pool '{bearer.id}'.", _one_of(names))
        if bearer == ("pool", rule.pool):
            yield Fault(here, "A pool can't serve itself.", "Leave it out.")


def _overlaps(found: AllocationRules) -> Iterator[Fault]:
    for place, rule in enumerate(found.rules):
        for other in found.rules[:place]:
            if other.pool == rule.pool and _share_a_day(rule, other):
                yield Fault(
                    ("rules", place),
                    f"Two rules of the pool '{rule.pool}' hold on"
                    f" {max(rule.valid_from, other.valid_from)}.",
                    "End one before the other begins (valid_to is not included).",
                )


def _share_a_day(one: Rule, other: Rule) -> bool:
    return one.valid_from < (other.valid_to or date.max) and other.valid_from < (
        one.valid_to or date.max
    )


def _order_faults(found: AllocationRules) -> Iterator[Fault]:
    if found.method != "step_down":
        return
    order = {pool.name: place for place, pool in enumerate(found.pools)}
    for place, rule in enumerate(found.rules):
        for number, target in enumerate(rule.targets):
            served = target.pool
            if served in order and rule.pool in order and order[served] < order[rule.pool]:
                yield Fault(
                    ("rules", place, "targets", number),
                    f"The pool '{rule.pool}' serves '{served}', which was distributed before it.",
                    "Move it below, or say method: reciprocal.",
                )


def _closed_loops(found: AllocationRules) -> Iterator[Fault]:
    for day in sorted({rule.valid_from for rule in found.rules}):
        rules = found.holding_on(day)
        leaving = {name for name, rule in rules.items() if _leaves_pools(rule, rules)}
        while reached := {
            name
            for name, rule in rules.items()
            if name not in leaving and any(target.pool in leaving for target in rule.targets)
        }:
            leaving |= reached
        if closed := sorted(set(rules) - leaving):
            place = next(i for i, rule in enumerate(found.rules) if rule is rules[closed[0]])
            yield Fault(
                ("rules", place),
                f"From {day} on, the pools {', '.join(closed)} serve only each other.",
                "Let one of them serve a team, project or cost center.",
            )
            return


def _leaves_pools(rule: Rule, rules: dict[str, Rule]) -> bool:
    # A pool that has no rule that day is no pool: what it is served counts as unallocated.
    return rule.every is not None or any(target.pool not in rules for target in rule.targets)


def _one_of(names: set[str]) -> str:
    return f"Name one of {', '.join(sorted(names))}."
