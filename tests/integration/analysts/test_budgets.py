"""Budgets are compared with what their scope bears, and loaded as a file says them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from meterr_etl.budgets.budget import read_budgets
from meterr_etl.budgets.versions import Loaded, load_budgets
from meterr_etl.errors import InputError

from .conftest import Spend

BUDGETS = """\
tenant_id: acme
budgets:
  - {name: all, scope: tenant, first_month: 2026-11, amount: 300}
  - {name: core, scope: team, scope_id: core, first_month: 2026-10, amount: 100, warn_at_share: 0.5}
  - {name: small, scope: cost_center, scope_id: CC1, first_month: 2026-11, amount: 50}
  - {name: over, scope: project, scope_id: web, first_month: 2026-11, amount: 5}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Loaded]:
    def loading(text: str) -> Loaded:
        path = tmp_path / "budgets.yml"
        path.write_text(text)
        return load_budgets(read_budgets(path))

    return loading


def bear(
    marts: psycopg.Connection, spend: Spend, day: date, cost: str, currency: str = "USD"
) -> None:
    spend(day, None)
    marts.execute(
        "insert into marts.fct_allocated_cost_daily (charge_date, tenant_id, cost_center, team_id,"
        " project_id, pool, allocation_status, effective_cost, billing_currency)"
        " values (%s, 'acme', 'CC1', 'core', 'web', 'direct', 'direct', %s, %s)",
        (day, cost, currency),
    )


def statuses(marts: psycopg.Connection) -> dict[str, str]:
    return dict(marts.execute("select budget, budget_status from marts.budget_status").fetchall())


def test_budget_says_what_is_spent_and_when_it_is_used_up(
    marts: psycopg.Connection, spend: Spend, load: Callable[[str], Loaded]
) -> None:
    assert load(BUDGETS).added == 4
    for number in range(6):
        bear(marts, spend, date(2026, 11, 1) + timedelta(days=number), "8")
    rows = marts.execute(
        "select budget, cost_to_date, projected_cost, exhausted_on, budget_status"
        " from marts.budget_status order by budget"
    ).fetchall()
    assert rows == [
        ("all", 48, 240, None, "on_track"),
        # 52 are left, 8 a day: they end within the seventh day after the sixth.
        ("core", 48, 240, date(2026, 11, 13), "at_risk"),
        ("over", 48, 240, None, "exceeded"),
        ("small", 48, 240, date(2026, 11, 7), "at_risk"),
    ]


def test_month_with_a_hole_is_unknown_unless_it_is_exceeded(
    marts: psycopg.Connection, spend: Spend, load: Callable[[str], Loaded]
) -> None:
    load(BUDGETS)
    bear(marts, spend, date(2026, 11, 1), "6")
    bear(marts, spend, date(2026, 11, 3), "6")
    assert statuses(marts) == {
        "all": "unknown", "core": "unknown", "small": "unknown", "over": "exceeded",
    }  # fmt: skip


def test_budget_in_another_currency_than_all_that_is_borne_is_unknown(
    marts: psycopg.Connection, spend: Spend, load: Callable[[str], Loaded]
) -> None:
    load(BUDGETS.replace("amount: 300", "amount: 300, currency: EUR"))
    bear(marts, spend, date(2026, 11, 1), "6", "EUR")
    # As a commitment, which costs nothing when it is bought.
    bear(marts, spend, date(2026, 11, 1), "0")
    assert statuses(marts) == {
        "all": "on_track", "core": "unknown", "small": "unknown", "over": "unknown",
    }  # fmt: skip
    bear(marts, spend, date(2026, 11, 2), "12")
    assert statuses(marts) == {
        "all": "on_track", "core": "at_risk", "small": "at_risk", "over": "exceeded",
    }  # fmt: skip


def test_budget_of_what_costs_nothing_yet_is_on_track(
    marts: psycopg.Connection, spend: Spend, load: Callable[[str], Loaded]
) -> None:
    load(BUDGETS)
    spend(date(2026, 11, 1), None)
    assert set(statuses(marts).values()) == {"on_track"}


def test_loading_the_same_budgets_again_changes_nothing(
    marts: psycopg.Connection, load: Callable[[str], Loaded]
) -> None:
    first = load(BUDGETS)
    assert load(BUDGETS).reference_version is None
    changed = load(BUDGETS.replace("amount: 300", "amount: 301"))
    assert (changed.added, changed.retired) == (1, 1)
    assert marts.execute(
        "select amount, reference_version, retired_by from reference.budgets where name = 'all'"
        " order by 1"
    ).fetchall() == [
        (300, first.reference_version, changed.reference_version),
        (301, changed.reference_version, None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "first_month: 2026-10",
            "first_month: 10/26",
            "line 4: budgets.1.first_month: Value error",
        ),
        ("amount: 300", "amount: -3", "line 3: budgets.0.amount: Input should be greater than 0"),
        ("name: small", "name: core", "line 5: A budget 'core' stands above. Rename one."),
        ("scope_id: web, ", "", "line 6: budgets.3: Value error, scope_id names the cost center"),
    ],
)
def test_wrong_budget_is_named_with_its_line(
    load: Callable[[str], Loaded], old: str, new: str, said: str
) -> None:
    with pytest.raises(InputError) as error:
        load(BUDGETS.replace(old, new))
    assert said in str(error.value)


def test_reader_of_another_tenant_sees_no_budget(
    marts: psycopg.Connection, spend: Spend, load: Callable[[str], Loaded]
) -> None:
    load(BUDGETS)
    bear(marts, spend, date(2026, 11, 1), "6")
    marts.execute("insert into ops.reader_tenants values ('meterr_analyst', 'globex')")
    marts.execute("set session_replication_role = origin")
    marts.execute("set role meterr_analyst")
    for relation in ("marts.budget_status", "reference.budgets", "marts.fct_allocated_cost_daily"):
        assert marts.execute(f"select count(*) from {relation}").fetchone() == (0,)  # type: ignore[arg-type]
