"""Shared cost is distributed by dated rules, exactly, and only where they change (DESIGN §9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.previews import preview_allocation
from meterr_etl.repricing import days_to_rerate, reprice

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
CORE, OPS, PLATFORM = (str(an_id(name)) for name in ("Core", "Ops", "Platform"))
BORNE = (
    "select team_name, cost_center, pool, allocation_status, effective_cost"
    " from marts.fct_allocated_cost_daily where charge_date = '{}' order by pool, team_name"
)
TOTALS = (
    "select (select sum(effective_cost) from marts.fct_allocated_cost_daily) ="
    " (select sum(effective_cost) from marts.usage_by_tenant_daily)"
)


def rules(**changes: object) -> AllocationRules:
    rule = {
        "pool": "platform",
        "valid_from": str(DAY),
        "weights": "proportional",
        "driver": "requests",
        "targets": [{"team": CORE}, {"team": OPS}],
        **changes,
    }
    return AllocationRules.model_validate(
        {
            "tenant_id": str(an_id("acme")),
            "method": "step_down",
            "pools": [{"name": "platform", "filter": {"team_id": [PLATFORM]}}],
            "rules": [rule],
        }
    )


@pytest.fixture
def acme(source: SourceTables) -> SourceTables:
    """Three teams with a project each; on the day core calls twice, ops and platform once."""
    then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
    organization = {"organization_id": an_id("acme")}
    source.add("organizations", id=an_id("acme"), name="Acme", billing_currency="USD", **then)
    for team, center in (("Core", "CC-1"), ("Ops", "CC-2"), ("Platform", "CC-3")):
        source.add("teams", id=an_id(team), name=team, cost_center=center, **organization, **then)
        source.add(
            "projects", id=an_id(f"{team}'s"), name=team, team_id=an_id(team),
            **organization, **then,
        )  # fmt: skip
    for day in (DAY, next_day()):
        for team in ("Core", "Core", "Ops", "Platform"):
            source.add_event(day, project_id=an_id(f"{team}'s"))
    return source


def borne(warehouse: Warehouse, day: date = DAY) -> list[tuple[object, ...]]:
    return warehouse.rows(BORNE.format(day))


def test_without_rules_all_cost_is_direct(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    night(DAY)
    assert [row[:4] for row in borne(warehouse)] == [
        ("Core", "CC-1", "direct", "direct"),
        ("Ops", "CC-2", "direct", "direct"),
        ("Platform", "CC-3", "direct", "direct"),
    ]
    assert warehouse.value(TOTALS) is True


def test_pool_goes_to_its_targets_by_the_driver_to_the_last_digit(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    load_rules(rules())
    night(DAY)
    rows = borne(warehouse)
    assert [row[:4] for row in rows] == [
        ("Core", "CC-1", "direct", "direct"),
        ("Ops", "CC-2", "direct", "direct"),
        ("Core", "CC-1", "platform", "allocated"),
        ("Ops", "CC-2", "platform", "allocated"),
    ]
    ops, core_part, ops_part = (Decimal(str(row[4])) for row in rows[1:])
    assert core_part + ops_part == ops
    assert abs(core_part - 2 * ops_part) <= Decimal("2e-24")
    assert warehouse.rows(
        "select rule_version, share_numerator::int, share_denominator::int"
        " from marts.fct_allocated_cost_daily where pool = 'platform' order by team_name"
    ) == [
        (warehouse.value("select max(reference_version) from reference.changes"), 2, 3),
        (warehouse.value("select max(reference_version) from reference.changes"), 1, 3),
    ]
    assert warehouse.value(TOTALS) is True


def test_driver_of_zero_leaves_the_pool_unallocated(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    load_rules(rules(targets=[{"team": "nobody"}]))
    night(DAY)
    assert borne(warehouse)[2][:4] == ("Unassigned", "unassigned", "platform", "unallocated")
    assert warehouse.value(TOTALS) is True


def test_pool_by_user_and_tag_takes_in_only_their_calls_and_follows_a_metric(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(project_id=an_id("Core's"), user_id=an_id("robot"), metadata='{"job": "index"}')
    acme.add_event(project_id=an_id("Core's"), user_id=an_id("robot"), metadata='{"job": "other"}')
    acme.add_event(project_id=an_id("Core's"), user_id=an_id("ann"), metadata='{"job": "index"}')
    said = rules(driver="heads", targets=[{"team": CORE}, {"team": OPS}]).model_dump(mode="json")
    said["pools"][0]["filter"] = {"user_id": [str(an_id("robot"))], "tags.job": ["index"]}
    said["metrics"] = [
        {
            "name": "heads",
            "amounts": [
                {"team": CORE, "amount": "0.5", "valid_from": str(DAY)},
                {"team": OPS, "amount": "2", "valid_from": str(DAY)},
            ],
        }
    ]
    load_rules(AllocationRules.model_validate(said))
    night(DAY)
    one = Decimal(str(borne(warehouse)[1][4]))
    assert [(*row[:3], Decimal(str(row[4])) / one) for row in borne(warehouse)] == [
        ("Core", "CC-1", "direct", 4),
        ("Ops", "CC-2", "direct", 1),
        ("Platform", "CC-3", "direct", 1),
        ("Core", "CC-1", "platform", Decimal("0.2")),
        ("Ops", "CC-2", "platform", Decimal("0.8")),
    ]
    assert warehouse.value(TOTALS) is True


def test_changed_rules_redistribute_only_the_days_since(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    night(DAY)
    night(next_day())
    load_rules(rules(valid_from=str(next_day()), weights="even", driver=None))
    assert days_to_rerate(DAY, next_day()) == [next_day()]
    assert reprice(DAY, next_day(), trigger="test").is_published
    assert {row[2] for row in borne(warehouse)} == {"direct"}
    assert {row[2] for row in borne(warehouse, next_day())} == {"direct", "platform"}
    assert days_to_rerate(DAY, next_day()) == []
    assert (
        load_rules(rules(valid_from=str(next_day()), weights="even", driver=None)).reference_version
        is None
    )
    assert warehouse.value(TOTALS) is True


def test_preview_tells_what_rules_would_change_and_changes_nothing(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    night(DAY)
    before = warehouse.digest()
    changes = preview_allocation(rules(), DAY, next_day(), trigger="test").changes
    told = {(row["team_name"], row["pool"]): row["cost_change"] for row in changes}
    assert set(told) == {("Platform", "direct"), ("Core", "platform"), ("Ops", "platform")}
    assert sum(told.values()) == 0
    assert told["Platform", "direct"] < 0
    assert warehouse.digest() == before
    assert warehouse.value("select count(*) from reference.allocation_rules") == 0
    assert (
        warehouse.value("select count(*) from pg_namespace where nspname like 'candidate\\_2%'")
        == 0
    )
