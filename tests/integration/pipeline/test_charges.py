"""What is billed beside usage is cost like any other: owned, allocated, closed, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import list_charges, load_charges
from meterr_etl.errors import InputError
from meterr_etl.previews import preview_charges
from meterr_etl.repricing import days_to_rerate, reprice

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
CORE, OPS = (str(an_id(name)) for name in ("Core", "Ops"))
OPS_PROJECT = str(an_id("Ops's"))
LINES = (
    "select token_type, team_name, cost_center, list_cost, effective_cost, billed_cost"
    " from marts.fct_usage_cost_daily where charge_date = '{}' and pricing_status = 'charged'"
    " order by model"
)
CONSERVED = " and ".join(
    f"(select sum({cost}) from marts.fct_usage_cost_daily) = (select sum({cost}) from marts.{mart})"
    for mart in ("usage_by_tenant_daily", "chargeback_monthly", "fct_allocated_cost_daily")
    for cost in ("list_cost", "effective_cost", "billed_cost")
)


def charges(*listed: dict[str, object]) -> TenantCharges:
    said = {"kind": "fee", "provider": "openai", "amount": "30", "valid_from": str(DAY)}
    return TenantCharges.model_validate(
        {
            "tenant_id": str(an_id("acme")),
            "charges": [{"name": f"charge {n}", **said, **one} for n, one in enumerate(listed)],
        }
    )


@pytest.fixture
def acme(source: SourceTables) -> SourceTables:
    """Two teams with a project each; core calls on both days."""
    source.add_two_teams()
    for day in (DAY, next_day()):
        source.add_event(day, project_id=an_id("Core's"))
    return source


@pytest.fixture
def seen(acme: SourceTables, night: Night) -> None:
    """The first day is published, so that its owners are known."""
    night(DAY)


def lines(warehouse: Warehouse, day: date = DAY) -> list[tuple[object, ...]]:
    return warehouse.rows(LINES.format(day))


def test_charge_is_used_up_by_its_days_and_invoiced_on_one(
    seen: None, warehouse: Warehouse, night: Night
) -> None:
    load_charges(
        charges(
            {"kind": "subscription", "valid_to": str(next_day(days=2)), "team": OPS},
            {"kind": "credit", "amount": "7.5", "project": str(an_id("Core's"))},
            {"amount": "5", "cost_center": "CC-2", "billed_on": str(next_day())},
        )
    )
    assert days_to_rerate(DAY, next_day()) == [DAY]
    reprice(DAY, DAY, trigger="test")
    night(next_day())
    half, minus = Decimal(15), Decimal("-7.5")
    assert lines(warehouse) == [
        ("subscription", "Ops", "CC-2", half, half, Decimal(30)),
        ("credit", "Core", "CC-1", Decimal(0), minus, minus),
        ("fee", "Unassigned", "CC-2", Decimal(5), Decimal(5), Decimal(0)),
    ]
    assert lines(warehouse, next_day()) == [
        ("subscription", "Ops", "CC-2", half, half, Decimal(0)),
        ("fee", "Unassigned", "CC-2", Decimal(0), Decimal(0), Decimal(5)),
    ]
    assert warehouse.value(f"select {CONSERVED}") is True
    assert warehouse.rows("select distinct cause from marts.restatements") == [("charge",)]
    assert warehouse.value("select count(*) from marts.dim_model where model like 'charge%'") == 0


def test_day_without_usage_bears_its_charges(
    seen: None, warehouse: Warehouse, night: Night
) -> None:
    quiet = next_day(days=5)
    load_charges(charges({"valid_from": str(quiet), "team": CORE}))
    night(quiet)
    assert lines(warehouse, quiet) == [
        ("fee", "Core", "CC-1", Decimal(30), Decimal(30), Decimal(30))
    ]
    assert warehouse.value(f"select {CONSERVED}") is True


def test_pool_takes_charges_in_and_its_targets_bear_them(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    night(DAY)
    load_charges(charges({"kind": "subscription", "amount": "10"}, {"kind": "credit"}))
    load_rules(
        AllocationRules.model_validate(
            {
                "tenant_id": str(an_id("acme")),
                "method": "step_down",
                "pools": [{"name": "seats", "filter": {"token_type": ["subscription"]}}],
                "rules": [
                    {
                        "pool": "seats", "valid_from": str(DAY), "weights": "fixed",
                        "targets": [
                            {"team": CORE, "weight": "2"}, {"cost_center": "CC-9", "weight": "1"},
                        ],
                    }
                ],
            }
        )
    )  # fmt: skip
    reprice(DAY, DAY, trigger="test")
    parts = warehouse.rows(
        "select cost_center, effective_cost from marts.fct_allocated_cost_daily"
        " where pool = 'seats' order by 1"
    )
    assert [row[0] for row in parts] == ["CC-1", "CC-9"]
    assert sum(Decimal(str(row[1])) for row in parts) == Decimal(10)
    assert warehouse.rows(
        "select cost_center, effective_cost from marts.fct_allocated_cost_daily"
        " where pool = 'direct' and team_id = 'unassigned'"
    ) == [("unassigned", Decimal(-30))]
    assert warehouse.value(f"select {CONSERVED}") is True


def test_charge_follows_its_owner_who_moved_on_a_day_without_usage(
    acme: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    night(DAY)
    quiet = next_day(days=2)
    load_charges(
        charges({"valid_from": str(DAY), "valid_to": str(next_day(days=3)), "project": OPS_PROJECT})
    )
    reprice(DAY, DAY, trigger="test")
    night(quiet)
    acme.execute(
        f"update public.projects set team_id = '{an_id('Core')}',"
        f" updated_at = '{at(next_day(), 0)}' where id = '{OPS_PROJECT}'"
    )
    night(next_day(days=3))
    assert [row[1] for row in lines(warehouse)] == ["Ops"]
    assert [row[1] for row in lines(warehouse, quiet)] == ["Core"]


def test_preview_tells_the_cost_and_changes_nothing(seen: None, warehouse: Warehouse) -> None:
    before = warehouse.digest()
    done = preview_charges(charges({"kind": "credit"}), DAY, DAY, trigger="test")
    assert [row["cost_change"] for row in done.changes] == [Decimal(-30)]
    assert warehouse.digest() == before
    assert list_charges() == []


@pytest.mark.parametrize(
    ("said", "tenant", "named"),
    [
        ({}, "nobody", "The file names the tenant 'nobody', which no event"),
        ({"team": "Cor"}, None, "The charge 'charge 0' names the team 'Cor', which no event"),
        ({"cost_center": "CC-3"}, None, "the cost_center 'CC-3', which no event and no dimension"),
    ],
)
def test_unknown_owner_is_refused(
    seen: None, said: dict[str, object], tenant: str | None, named: str
) -> None:
    found = charges(said)
    if tenant:
        found = found.model_copy(update={"tenant_id": tenant})
    with pytest.raises(InputError, match=named):
        load_charges(found)


def test_same_file_again_changes_nothing(seen: None) -> None:
    assert load_charges(charges({})).reference_version
    assert load_charges(charges({})).reference_version is None
    assert [row["amount"] for row in list_charges()] == ["30 USD"]
