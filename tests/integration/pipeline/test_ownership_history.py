"""Usage is charged to whom its key, project, user and team belonged at its time (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
CHARGED = (
    "select charge_date::text, team_name, cost_center, request_count::int"
    " from marts.usage_by_team_daily order by charge_date, team_name, cost_center"
)


@pytest.fixture
def acme(source: SourceTables) -> SourceTables:
    """Two teams, of which one owns the only project."""
    source.execute("alter table public.token_usage disable trigger all")
    then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
    organization = {"organization_id": an_id("acme")}
    source.add("organizations", id=an_id("acme"), name="Acme", billing_currency="USD", **then)
    for name, center in (("Core", "CC-1"), ("Ops", "CC-2")):
        source.add("teams", id=an_id(name), name=name, cost_center=center, **organization, **then)
    source.add(
        "projects", id=an_id("search"), name="S", team_id=an_id("Core"), **organization, **then
    )
    return source


def give(source: SourceTables, team: str, moment: datetime) -> None:
    source.execute(
        f"update public.projects set team_id = '{an_id(team)}', updated_at = '{moment}'"
        f" where id = '{an_id('search')}'"
    )


def test_project_that_changes_hands_at_noon_is_charged_to_both_teams(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(DAY)
    night(DAY)
    for hour in (9, 12, 15):
        acme.add_event(next_day(), hour=hour)
    give(acme, "Ops", at(next_day(), 12))
    night(next_day())
    assert warehouse.rows(CHARGED) == [
        (str(DAY), "Core", "CC-1", 1),
        (str(next_day()), "Core", "CC-1", 1),
        (str(next_day()), "Ops", "CC-2", 2),
    ]
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 4


def test_day_that_is_run_again_keeps_the_team_of_its_time(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(DAY)
    night(DAY)
    acme.add_event(next_day())
    give(acme, "Ops", at(next_day(), 12))
    night(next_day())
    night(DAY)
    assert warehouse.rows(CHARGED) == [
        (str(DAY), "Core", "CC-1", 1),
        (str(next_day()), "Ops", "CC-2", 1),
    ]


def test_cost_center_is_the_teams_at_the_time(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(DAY)
    night(DAY)
    acme.add_event(next_day(), hour=1)
    acme.add_event(next_day(), hour=23)
    acme.execute(
        f"update public.teams set cost_center = 'CC-9', updated_at = '{at(next_day(), 12)}'"
        f" where id = '{an_id('Core')}'"
    )
    night(next_day())
    assert warehouse.rows(CHARGED) == [
        (str(DAY), "Core", "CC-1", 1),
        (str(next_day()), "Core", "CC-1", 1),
        (str(next_day()), "Core", "CC-9", 1),
    ]


def test_ownership_that_is_corrected_late_rederives_the_days_since_and_no_other(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    for n in range(3):
        acme.add_event(next_day(days=n))
        night(next_day(days=n))
    give(acme, "Ops", at(next_day(), 0))
    acme.add_event(next_day(days=3))
    night(next_day(days=3))
    assert [(day, team) for day, team, *_ in warehouse.rows(CHARGED)] == [
        (str(DAY), "Core"),
        *[(str(next_day(days=n)), "Ops") for n in (1, 2, 3)],
    ]
    assert warehouse.rows(
        "select distinct charge_date::text, cause from marts.restatements order by 1"
    ) == [(str(next_day(days=n)), "ownership") for n in (1, 2)]
    versions = "select version::int from ops.published_days order by event_date"
    assert [row[0] for row in warehouse.rows(versions)] == [1, 2, 2, 1]


def test_new_name_alone_rederives_nothing(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    acme.add_event(DAY)
    night(DAY)
    acme.execute(f"update public.projects set name = 'Other', updated_at = '{at(DAY, 1)}'")
    acme.add_event(next_day())
    night(next_day())
    assert warehouse.value("select max(version)::int from ops.published_days") == 1
