"""Months are tables, published with the days that they sum up, exactly (DESIGN §3, §7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from meterr_etl.errors import GateFailedError
from meterr_etl.settings import settings
from meterr_etl.warehouse.migrate import migrate

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]
OCTOBER_31 = date(2026, 10, 31)


def summed_up_anew(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """What each mart of months would be if all of it were made of its days now, as text."""
    marts = warehouse.rows(
        "select name, array_to_string(columns, ', '),"
        " replace(derivation, '{daily}', 'marts.' || daily_mart)"
        " from ops.published_marts where derivation is not null"
    )
    assert len(marts) == 4
    return {
        str(name): warehouse.rows(
            f"select r::text from (select {columns} from ({query}) as q) as r order by 1"
        )
        for name, columns, query in marts
    }


def published(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: warehouse.rows(f"select r::text from marts.{name} as r order by 1")
        for name in summed_up_anew(warehouse)
    }


def team_costs(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows(
        "select billing_month, team_name, request_count, last_charge_date"
        " from marts.chargeback_monthly order by 1, 2"
    )


def test_months_are_what_their_days_add_up_to_whatever_came_when(
    source: SourceTables, warehouse: Warehouse, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERR_SOURCES__SUPABASE__UNPRICED_MAX_SHARE", "1")
    settings.cache_clear()
    source.add_acme()
    source.add_event(next_day(), feature="search", user_id=an_id("ada"))
    source.add_event(next_day(), input_tokens=7, user_id=an_id("bob"))
    source.add_event(DAY, user_id=an_id("ada"), model="nobody-knows", environment="staging")
    night(next_day())
    assert published(warehouse) == summed_up_anew(warehouse)
    night(DAY)
    assert published(warehouse) == summed_up_anew(warehouse)

    # Late for two days of two months, beside a day of its own.
    third = next_day(days=2)
    late = {"updated_at": at(third, 3), "user_id": an_id("ada")}
    source.add_event(DAY, **late)
    source.add_event(OCTOBER_31, **late)
    source.add_event(third, user_id=an_id("ada"))
    night(third)

    assert published(warehouse) == summed_up_anew(warehouse)
    assert warehouse.rows(
        "select billing_month, sum(request_count)::int, max(last_charge_date)"
        " from marts.usage_by_user_monthly group by 1 order by 1"
    ) == [(date(2026, 10, 1), 1, OCTOBER_31), (date(2026, 11, 1), 5, third)]


def test_row_of_a_month_vanishes_with_its_last_event(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    event = source.add_event(OCTOBER_31, updated_at=at(DAY, 1))
    night(DAY)
    assert team_costs(warehouse) == [(date(2026, 10, 1), "Platform", 1, OCTOBER_31)]

    source.execute(
        f"update public.token_usage set created_at = '{at(DAY, 2)}',"
        f" updated_at = '{at(next_day(), 3)}' where id = '{event}'"
    )
    night(next_day())

    assert team_costs(warehouse) == [(date(2026, 11, 1), "Platform", 1, DAY)]
    assert published(warehouse) == summed_up_anew(warehouse)


def test_month_that_does_not_hold_its_days_stops_the_publish_until_it_is_filled_anew(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.add_event(DAY)
    night(DAY)
    warehouse.change("update marts.chargeback_monthly set billed_cost = billed_cost + 1e-30")
    source.add_event(next_day())

    with pytest.raises(GateFailedError, match="months_hold_all_cost"):
        night(next_day())

    assert warehouse.rows("select event_date from ops.published_days") == [(DAY,)]
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 1

    migrate(refill_months=True)
    night(next_day())
    assert published(warehouse) == summed_up_anew(warehouse)
