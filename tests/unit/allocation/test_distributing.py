"""Who bears what of a tenant's pools on a day, said by that day's sums and the rules that hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

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
