"""Finds what is wrong between the parts of a rules file, each part being well formed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from meterr_etl.allocation.rules import ALL_DIMENSIONS, DRIVERS, TAG, AllocationRules, Rule
from meterr_etl.reviewed_files import Fault

# How the marts name cost that stays with its owner.
DIRECT = "direct"


def faults(found: AllocationRules) -> list[Fault]:
    """Return everything that makes the rules unusable; empty if they may be loaded."""
    return [
        *_pool_faults(found),
        *_rule_faults(found),
        *_metric_faults(found),
        *_overlaps(found),
        *_period_faults(found),
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
        for dimension in pool.filter:
            is_tag = dimension.startswith(TAG) and dimension != TAG
            if dimension not in ALL_DIMENSIONS and not is_tag:
                yield Fault(
                    ("pools", place, "filter"),
                    f"A price line has no '{dimension}'.",
                    f"Filter by {', '.join(ALL_DIMENSIONS)}, or {TAG}NAME.",
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
        yield from _driver_faults(found, rule, where)
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


def _driver_faults(
    found: AllocationRules, rule: Rule, where: tuple[str | int, ...]
) -> Iterator[Fault]:
    drivers = {*DRIVERS, *(metric.name for metric in found.metrics)}
    if rule.driver and rule.driver not in drivers:
        yield Fault(
            (*where, "driver"),
            f"There is no driver '{rule.driver}'.",
            f"Name one of {', '.join(sorted(drivers))}, or give its amounts under metrics.",
        )


def _metric_faults(found: AllocationRules) -> Iterator[Fault]:
    taken = list(DRIVERS)
    for place, metric in enumerate(found.metrics):
        if metric.name in taken:
            yield Fault(("metrics", place), f"'{metric.name}' is a driver already.", "Rename it.")
        taken.append(metric.name)
        for number, said in enumerate(metric.amounts):
            if any(
                other.bearer == said.bearer and said.shares_a_day_with(other)
                for other in metric.amounts[:number]
            ):
                yield Fault(
                    ("metrics", place, "amounts", number),
                    f"Of the {said.bearer.kind} '{said.bearer.id}' two amounts hold at once.",
                    "End one before the other begins (valid_to is not included).",
                )


def _overlaps(found: AllocationRules) -> Iterator[Fault]:
    for place, rule in enumerate(found.rules):
        for other in found.rules[:place]:
            if other.pool == rule.pool and rule.shares_a_day_with(other):
                yield Fault(
                    ("rules", place),
                    f"Two rules of the pool '{rule.pool}' hold on"
                    f" {max(rule.valid_from, other.valid_from)}.",
                    "End one before the other begins (valid_to is not included).",
                )


def _period_faults(found: AllocationRules) -> Iterator[Fault]:
    by_month = [rule for rule in found.rules if rule.period == "month"]
    for place, rule in enumerate(found.rules):
        for number, target in enumerate(rule.targets):
            if rule.period == "day" and any(
                other.pool == target.pool and other.shares_a_day_with(rule) for other in by_month
            ):
                yield Fault(
                    ("rules", place, "targets", number),
                    f"'{rule.pool}' is distributed by day, and serves '{target.pool}', which is"
                    " distributed by month.",
                    "Give both the same period.",
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
