"""Turns one day's sums of a tenant into the ratios by which its pools are distributed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from meterr_etl.allocation.belongings import NOBODY, Belongings, Told, Used
from meterr_etl.allocation.rules import DRIVERS, Bearer, Rule
from meterr_etl.allocation.shares import as_ratios, final_shares, rule_weights
from meterr_etl.allocation.versions import HeldRules

UNALLOCATED = "unallocated"
HELD = "held"
FREE_OF_CURRENCY = ("tokens", "requests")
# Where a rule needs no driver, the members are those that have used anything.
ANY_DRIVER = "requests"


class SharedCost(NamedTuple):
    """One day's sum of a tenant: of an owner's own lines, or, with a pool, of what it takes in."""

    charge_date: date
    tenant_id: str
    billing_currency: str
    pool: str | None
    team_id: str
    project_id: str
    cost_center: str
    cost: Decimal
    tokens: Decimal
    requests: Decimal


class Share(NamedTuple):
    """Which part of a pool an owner bears on a day; the parts of a pool sum to its denominator."""

    charge_date: date
    tenant_id: str
    billing_currency: str
    pool: str
    allocation_status: str
    cost_center: str
    team_id: str
    project_id: str
    rule_version: int
    share_numerator: int
    share_denominator: int


@dataclass
class DayDrivers:
    """What one tenant's pools of one day and currency are distributed by.

    Cost counts in the currency alone, since no sum has two; tokens, requests and who is there at
    all do not ask how they are billed.

    `known` is how owners belonged on the day; what its own lines say of them comes first.
    """

    charge_date: date
    billing_currency: str
    known: Belongings = field(default_factory=Belongings)
    amounts: dict[str, dict[Bearer, Fraction]] = field(
        default_factory=lambda: {driver: {} for driver in DRIVERS}
    )
    teams: Told = field(default_factory=Told)
    cost_centers: Told = field(default_factory=Told)

    def add(self, cost: SharedCost) -> None:
        """Take in one sum, of whichever currency."""
        is_foreign = cost.billing_currency != self.billing_currency
        if cost.pool is not None:
            bearers = [Bearer("pool", cost.pool)]
        else:
            named = {
                "team": cost.team_id,
                "project": cost.project_id,
                "cost_center": cost.cost_center,
            }
            bearers = [Bearer(kind, id_) for kind, id_ in named.items() if id_ != NOBODY]
            used = Used(Decimal(0) if is_foreign else cost.cost, cost.tokens, cost.requests)
            self.teams.add(cost.project_id, cost.team_id, used)
            self.cost_centers.add(cost.team_id, cost.cost_center, used)
        for driver in FREE_OF_CURRENCY if is_foreign else DRIVERS:
            amounts = self.amounts[driver]
            for bearer in bearers:
                amounts[bearer] = amounts.get(bearer, Fraction(0)) + Fraction(getattr(cost, driver))

    def team_of(self, project_id: str) -> str:
        """Return the team that a project belongs to."""
        return self.teams.of(project_id) or self.known.teams.get(project_id, NOBODY)

    def cost_center_of(self, team_id: str) -> str:
        """Return the cost center that a team belongs to."""
        return self.cost_centers.of(team_id) or self.known.cost_centers.get(team_id, NOBODY)


def drivers_of(
    costs: Iterable[SharedCost], day: date, currency: str, known: Belongings | None = None
) -> DayDrivers:
    """Return what a day's sums, of all currencies, distribute the pools of one currency by."""
    found = DayDrivers(day, currency, known or Belongings())
    for cost in costs:
        found.add(cost)
    return found


def day_shares(
    held: HeldRules, day: DayDrivers, month: DayDrivers | None = None
) -> Iterator[Share]:
    """Yield the shares of every pool that has cost to distribute on the day.

    Args:
        held: the rules of the tenant.
        day: what it used that day.
        month: what it used in the month that ends with the day; None on every other day, on which
            pools whose rules are by month hold what they take in.
    """
    rules = held.content.holding_on(day.charge_date)
    by_month = {pool for pool, rule in rules.items() if rule.period == "month"}
    drivers = {pool: month if month and pool in by_month else day for pool in rules}
    for pool, shares in sorted(_day_solved(held, day, month).items()):
        if Bearer("pool", pool) not in drivers[pool].amounts["cost"]:
            continue
        ratios, denominator = as_ratios(shares)
        for owner, numerator in sorted(_by_owner(ratios, drivers[pool]).items()):
            yield Share(
                day.charge_date, held.content.tenant_id, day.billing_currency, pool,
                *owner, held.version, numerator, denominator,
            )  # fmt: skip


def _by_owner(
    ratios: Mapping[Bearer, int], drivers: DayDrivers
) -> dict[tuple[str, str, str, str], int]:
    parts: dict[tuple[str, str, str, str], int] = {}
    for bearer, numerator in ratios.items():
        owner = _owner(bearer, drivers)
        parts[owner] = parts.get(owner, 0) + numerator
    return parts


def _day_solved(
    held: HeldRules, day: DayDrivers, month: DayDrivers | None
) -> dict[str, dict[Bearer, Fraction]]:
    rules = held.content.holding_on(day.charge_date)
    metrics = held.content.metrics_on(day.charge_date)
    of_day = {pool: rule for pool, rule in rules.items() if rule.period == "day"}
    if month is None:
        holding = {pool: {Bearer(HELD, pool): Fraction(1)} for pool in rules}
    else:
        # What a month's pool serves to a day's is the month's cost: the last day alone drives no
        # part of it. No pool by day serves one by month, so neither solution needs the other.
        holding = _solved(rules, month, metrics)
    return holding | _solved(of_day, day, metrics)


def _solved(
    rules: Mapping[str, Rule], by: DayDrivers, metrics: Mapping[str, dict[Bearer, Fraction]]
) -> dict[str, dict[Bearer, Fraction]]:
    drivers = {**by.amounts, **metrics}
    return final_shares(
        {
            pool: rule_weights(rule, drivers[rule.driver or ANY_DRIVER])
            for pool, rule in rules.items()
        }
    )


def _owner(bearer: Bearer, drivers: DayDrivers) -> tuple[str, str, str, str]:
    """Return status, cost center, team and project of who bears a share."""
    if bearer.kind == "cost_center":
        return "allocated", bearer.id, NOBODY, NOBODY
    if bearer.kind == "team":
        return "allocated", drivers.cost_center_of(bearer.id), bearer.id, NOBODY
    if bearer.kind == "project":
        team = drivers.team_of(bearer.id)
        return "allocated", drivers.cost_center_of(team), team, bearer.id
    return HELD if bearer.kind == HELD else UNALLOCATED, NOBODY, NOBODY, NOBODY
