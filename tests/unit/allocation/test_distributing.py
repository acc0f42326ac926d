"""Who bears what of a tenant's pools on a day, said by that day's sums and the rules that hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from meterr_etl.allocation.belongings import Belongings, Moved
from meterr_etl.allocation.distributing import DayDrivers, SharedCost, day_shares, drivers_of
from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.ledger.tenant_files import Held

DAY = date(2026, 11, 30)
NOBODY = "unassigned"


def rule(pool: str, **said: object) -> dict[str, object]:
    return {"pool": pool, "valid_from": "2026-11-01", "weights": "proportional", **said}


def held(*rules: dict[str, object]) -> Held[AllocationRules]:
    pools = [{"name": said["pool"], "filter": {"feature": [said["pool"]]}} for said in rules]
    content = {"tenant_id": "acme", "method": "reciprocal", "pools": pools, "rules": rules}
    return Held(AllocationRules.model_validate(content), version=7)


def used(
    team: str = NOBODY,
    tokens: int = 0,
    *,
    pool: str | None = None,
    project: str = NOBODY,
    center: str = NOBODY,
    cost: str = "0",
    currency: str = "USD",
) -> SharedCost:
    return SharedCost(
        DAY, "acme", currency, pool, team, project, center,
        Decimal(cost), Decimal(tokens), Decimal(tokens),
    )  # fmt: skip


def drivers(*costs: SharedCost, currency: str = "USD") -> DayDrivers:
    return drivers_of(costs, DAY, currency)


def borne(
    rules: Held[AllocationRules], day: DayDrivers, month: DayDrivers | None = None
) -> dict[str, dict[str, Fraction]]:
    """Return of each pool who bears which part: a team, or the status where nobody does."""
    found: dict[str, dict[str, Fraction]] = {}
    for share in day_shares(rules, day, month):
        bearer = share.team_id if share.allocation_status == "allocated" else None
        part = Fraction(share.share_numerator, share.share_denominator)
        found.setdefault(share.pool, {})[bearer or share.allocation_status] = part
    return found


@pytest.mark.parametrize(("minimum", "tokens"), [("0", 0), ("0.05", 2)])
def test_pools_that_a_quiet_day_leaves_with_each_other_alone_are_unallocated(
    minimum: str, tokens: int
) -> None:
    rules = held(
        *(
            rule(
                pool,
                driver="tokens",
                minimum_share=minimum,
                targets=[{"team": "core"}, {"pool": other}],
            )
            for pool, other in (("a", "b"), ("b", "a"))
        )
    )
    day = drivers(used("core", tokens), used(tokens=100, pool="a"), used(tokens=50, pool="b"))
    assert borne(rules, day) == {"a": {"unallocated": 1}, "b": {"unallocated": 1}}


IN_TWO_CURRENCIES = (
    used("core", 30, cost="3", currency="EUR"),
    used("ops", 10, cost="9", currency="EUR"),
    used(pool="fees", cost="1200", currency="USD"),
)


@pytest.mark.parametrize("driver", ["tokens", "requests"])
def test_pool_in_another_currency_is_borne_by_what_its_bearers_used(driver: str) -> None:
    rules = held(rule("fees", driver=driver, every="team"))
    day = drivers(*IN_TWO_CURRENCIES)
    assert borne(rules, day) == {"fees": {"core": Fraction(3, 4), "ops": Fraction(1, 4)}}
    even = held(rule("fees", weights="even", every="team"))
    assert borne(even, day) == {"fees": {"core": Fraction(1, 2), "ops": Fraction(1, 2)}}
    assert borne(rules, drivers(*IN_TWO_CURRENCIES, currency="EUR")) == {}


def test_cost_of_another_currency_drives_nothing() -> None:
    rules = held(rule("fees", driver="cost", every="team"))
    assert borne(rules, drivers(*IN_TWO_CURRENCIES)) == {"fees": {"unallocated": 1}}
    among = drivers(*IN_TWO_CURRENCIES, used("ops", cost="0.5", currency="USD"))
    assert borne(rules, among) == {"fees": {"ops": 1}}


def test_what_a_pool_by_month_serves_to_one_by_day_is_driven_by_the_month() -> None:
    rules = held(
        rule("support", period="month", weights="even", targets=[{"pool": "platform"}]),
        rule("platform", driver="cost", every="team"),
    )
    in_month = (used("a", cost="900"), used("b", cost="100"), used(pool="support", cost="3000"))
    day = drivers(used("b", cost="5"), used(pool="platform", cost="7"))
    assert borne(rules, day, drivers(*in_month)) == {
        "support": {"a": Fraction(9, 10), "b": Fraction(1, 10)},
        "platform": {"b": 1},
    }


def owners(rules: Held[AllocationRules], *costs: SharedCost) -> list[tuple[str, str, str]]:
    """Return the cost center, team and project of everyone who bears a part."""
    return [
        (share.cost_center, share.team_id, share.project_id)
        for share in day_shares(rules, drivers(*costs))
    ]


FEE = used(pool="fees", cost="30")
BY_PROJECT = held(rule("fees", weights="even", every="project"))
BY_TEAM = held(rule("fees", weights="even", every="team"))


def test_lines_without_a_cost_center_do_not_take_a_team_from_its_own() -> None:
    costs = (used("t", cost="99", center="CC-1"), used("t", cost="1"))
    assert owners(BY_TEAM, FEE, *costs) == [("CC-1", "t", NOBODY)]


def test_of_two_owners_of_a_period_the_one_that_it_cost_most_bears() -> None:
    costs = (used("alpha", project="p", cost="99"), used("beta", project="p", cost="1"))
    assert owners(BY_PROJECT, FEE, *costs) == [(NOBODY, "alpha", "p")]
    assert owners(BY_PROJECT, FEE, *reversed(costs)) == [(NOBODY, "alpha", "p")]


def test_of_two_owners_in_another_currency_the_one_that_used_most_bears() -> None:
    costs = [
        used(team, tokens, project="p", cost="9", currency="EUR")
        for team, tokens in (("alpha", 3), ("beta", 2))
    ]
    assert owners(BY_PROJECT, FEE, *costs) == [(NOBODY, "alpha", "p")]


def test_charge_to_a_cost_center_says_nothing_of_those_without_a_team() -> None:
    fixed = held(rule("fees", weights="fixed", targets=[{"project": "p", "weight": 1}]))
    assert owners(fixed, FEE, used(center="marketing", cost="7")) == [(NOBODY, NOBODY, "p")]


def test_who_moved_belongs_as_on_the_day_and_others_as_ever() -> None:
    now = Belongings({"p": "new", "q": "t"}, {"t": "CC-9", "new": "CC-2"})
    then = now.as_of([Moved("projects", "p", None), Moved("teams", "t", "CC-1")])
    assert then == Belongings({"q": "t"}, {"t": "CC-1", "new": "CC-2"})
    assert now.teams["p"] == "new"
