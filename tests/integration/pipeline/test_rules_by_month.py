"""A pool by month is held until the month is over, and then goes by what the month used (§9)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl import pipeline
from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.repricing import days_to_rerate, reprice
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

from .conftest import SourceTables, Warehouse, an_id, at, with_rates

FIRST, MIDDLE, LAST = (date(2026, 10, day) for day in (1, 15, 31))
NOVEMBER = date(2026, 11, 1)
CORE, OPS, PLATFORM = (str(an_id(name)) for name in ("Core", "Ops", "Platform"))
ONE = Decimal("0.0035")
BORNE = (
    "select charge_date, team_name, pool, allocation_status, effective_cost"
    " from marts.fct_allocated_cost_daily where pool <> 'direct' order by 1, 4, 2"
)
OF_MONTH = (
    "select team_name, pool, allocation_status, effective_cost"
    " from marts.fct_allocated_cost_monthly where pool <> 'direct' order by 1, 2"
)
CONSERVED = "select " + " and ".join(
    f"(select sum(effective_cost) from marts.{mart}) ="
    " (select sum(effective_cost) from marts.usage_by_tenant_daily)"
    for mart in (
        "fct_allocated_cost_daily",
        "fct_pooled_cost_daily",
        "fct_allocated_cost_monthly",
    )
)


def rules(**changes: object) -> AllocationRules:
    rule = {
        "pool": "platform", "period": "month", "valid_from": str(FIRST), "driver": "requests",
        "weights": "proportional", "targets": [{"team": CORE}, {"team": OPS}],
    }  # fmt: skip
    return AllocationRules.model_validate(
        {
            "tenant_id": str(an_id("acme")),
            "method": "step_down",
            "pools": [{"name": "platform", "filter": {"team_id": [PLATFORM]}}],
            "rules": [rule | changes],
        }
    )


def with_october(pair: Pair) -> None:
    """The platform on each day; core on the first, ops three times on the fifteenth."""
    with_rates(pair)
    source = SourceTables(pair.source)
    then = {"created_at": at(FIRST, 0), "updated_at": at(FIRST, 0)}
    organization = {"organization_id": an_id("acme"), **then}
    source.add("organizations", id=an_id("acme"), name="Acme", billing_currency="USD", **then)
    for team in ("Core", "Ops", "Platform"):
        source.add("teams", id=an_id(team), name=team, cost_center="CC", **organization)
        source.add(
            "projects", id=an_id(f"{team}'s"), name=team, team_id=an_id(team), **organization
        )
    for day, teams in ((FIRST, ("Core",)), (MIDDLE, ("Ops",) * 3), (LAST, ())):
        for team in ("Platform", *teams):
            source.add_event(day, project_id=an_id(f"{team}'s"))


@pytest.fixture
def pair(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A source with an October, and a warehouse that knows the rates."""
    with prepared.copied(with_october, monkeypatch) as copies:
        yield copies


@pytest.fixture
def source(pair: Pair) -> SourceTables:
    """The source of these; its further events have other ids."""
    return SourceTables(pair.source, itertools.count(100))


def run_days(*days: date) -> None:
    for day in days:
        pipeline.run_window("supabase", Window.of_day(day), trigger="test")


def run_month() -> None:
    pipeline.run_window(
        "supabase", Window(Window.of_day(FIRST).start, Window.of_day(LAST).end), trigger="test"
    )


def test_pool_is_held_until_the_last_day_and_borne_by_the_whole_month(
    warehouse: Warehouse, pair: Pair
) -> None:
    load_rules(rules())
    run_days(FIRST, MIDDLE)
    held = [
        (FIRST, "Unassigned", "platform", "held", ONE),
        (MIDDLE, "Unassigned", "platform", "held", ONE),
    ]
    assert warehouse.rows(BORNE) == held
    assert warehouse.rows(OF_MONTH) == [("Unassigned", "platform", "held", 2 * ONE)]
    run_days(LAST)
    assert warehouse.rows(BORNE) == [
        *held,
        (LAST, "Core", "platform", "allocated", 3 * ONE / 4),
        (LAST, "Ops", "platform", "allocated", 9 * ONE / 4),
        (LAST, "Unassigned", "platform", "held", -2 * ONE),
    ]
    assert warehouse.rows(OF_MONTH) == [
        ("Core", "platform", "allocated", 3 * ONE / 4),
        ("Ops", "platform", "allocated", 9 * ONE / 4),
    ]
    assert warehouse.value(CONSERVED) is True


def test_late_event_moves_the_months_shares_on_its_last_day(
    warehouse: Warehouse, source: SourceTables
) -> None:
    load_rules(rules())
    run_month()
    source.add_event(FIRST, updated_at=at(NOVEMBER, 3), project_id=an_id("Core's"))
    run_days(NOVEMBER)
    assert warehouse.rows(OF_MONTH)[0] == ("Core", "platform", "allocated", 3 * ONE * 2 / 5)
    assert warehouse.rows(
        "select event_date from ops.published_days where version > 1 order by 1"
    ) == [(FIRST,), (LAST,)]
    assert warehouse.value(CONSERVED) is True


def test_order_of_days_does_not_matter(warehouse: Warehouse, pair: Pair) -> None:
    load_rules(rules())
    run_days(LAST, MIDDLE, FIRST)
    out_of_order = warehouse.rows(BORNE)
    run_month()
    assert warehouse.rows(BORNE) == out_of_order
    assert len(out_of_order) == 5


def test_rules_by_month_that_are_loaded_late_redistribute_the_month(
    warehouse: Warehouse, pair: Pair
) -> None:
    run_month()
    load_rules(rules())
    assert len(days_to_rerate(FIRST, LAST)) == 31
    # The last day alone would be settled of days that hold nothing.
    reprice(LAST, LAST, trigger="test")
    assert [row[3] for row in warehouse.rows(OF_MONTH)] == [3 * ONE / 4, 9 * ONE / 4]
    load_rules(rules(period="day"))
    reprice(FIRST, LAST, trigger="test")
    assert warehouse.rows(
        "select team_name, allocation_status from marts.fct_allocated_cost_monthly"
        " where pool = 'platform' order by 1"
    ) == [("Core", "allocated"), ("Ops", "allocated"), ("Unassigned", "unallocated")]
    assert warehouse.value(CONSERVED) is True


def test_pool_that_turns_to_months_takes_off_what_it_held_and_no_more(
    warehouse: Warehouse, pair: Pair
) -> None:
    load_rules(rules(period="day"))
    run_days(FIRST)
    load_rules(rules())
    run_days(MIDDLE, LAST)
    assert warehouse.rows(BORNE) == [
        (FIRST, "Core", "platform", "allocated", ONE),
        (MIDDLE, "Unassigned", "platform", "held", ONE),
        (LAST, "Core", "platform", "allocated", 2 * ONE / 4),
        (LAST, "Ops", "platform", "allocated", 6 * ONE / 4),
        (LAST, "Unassigned", "platform", "held", -ONE),
    ]
    assert warehouse.value(CONSERVED) is True
    assert FIRST in days_to_rerate(FIRST, LAST)
    reprice(FIRST, LAST, trigger="test")
    assert [row[3] for row in warehouse.rows(OF_MONTH)] == [3 * ONE / 4, 9 * ONE / 4]
