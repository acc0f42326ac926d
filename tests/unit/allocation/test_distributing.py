"""Who bears what of a tenant's pools on a day, said by that day's sums and the rules that hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from meterr_etl.allocation.distributing import DayDrivers, SharedCost, day_shares
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
    found = DayDrivers(DAY, currency)
    for cost in costs:
        found.add(cost)
    return found


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
