"""What looks across days says what its yml says, of rows written into the marts by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import psycopg

from .conftest import Spend

MONDAY = date(2026, 11, 2)


def anomaly(marts: psycopg.Connection, day: date) -> tuple[object, ...]:
    row = marts.execute(
        "select is_judged, is_anomaly, usual_cost, cost_difference, drivers"
        " from marts.cost_anomalies_daily where charge_date = %s and tenant_id = 'acme'",
        (day,),
    ).fetchone()
    assert row is not None
    return row


def test_day_far_from_its_weekdays_is_an_anomaly_and_names_the_model(
    marts: psycopg.Connection, spend: Spend
) -> None:
    for week in range(1, 9):
        spend(MONDAY - timedelta(weeks=week), "10")
    # A Sunday costs little; a Monday is compared with Mondays alone.
    spend(MONDAY - timedelta(days=1), "1")
    spend(MONDAY, "30")
    assert anomaly(marts, MONDAY) == (
        True, True, Decimal(10), Decimal(20),
        [{"provider": "openai", "model": "gpt", "cost_difference": 20}],
    )  # fmt: skip


def test_one_outlier_before_does_not_make_the_usual_day_an_anomaly(
    marts: psycopg.Connection, spend: Spend
) -> None:
    for week in range(1, 9):
        spend(MONDAY - timedelta(weeks=week), "500" if week == 3 else "10")
    spend(MONDAY, "11.5")
    assert anomaly(marts, MONDAY)[:3] == (True, False, Decimal(10))


def test_fewer_than_four_weeks_of_a_tenant_tell_nothing(
    marts: psycopg.Connection, spend: Spend
) -> None:
    for week in range(4, 9):
        spend(MONDAY - timedelta(weeks=week), None)
    for week in range(1, 4):
        spend(MONDAY - timedelta(weeks=week), "10")
    spend(MONDAY, "99")
    assert anomaly(marts, MONDAY)[:2] == (False, None)


def forecast(marts: psycopg.Connection, month: date) -> tuple[object, ...] | None:
    return marts.execute(
        "select last_charge_date, days_to_come, cost_to_date, forecast_low_cost, forecast_cost,"
        " forecast_high_cost from marts.cost_forecast where billing_month = %s",
        (month,),
    ).fetchone()


def test_month_to_come_costs_what_its_weekdays_do(marts: psycopg.Connection, spend: Spend) -> None:
    first, last = date(2026, 10, 1), date(2026, 11, 28)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        spend(day, "4" if day.isoweekday() == 7 else "10" if day.isocalendar().week % 2 else "12")
    sunday_and_monday = forecast(marts, date(2026, 11, 1))
    assert sunday_and_monday is not None
    assert sunday_and_monday[:2] == (last, 2)
    spent, low, expected, high = (Decimal(str(value)) for value in sunday_and_monday[2:])
    assert low <= expected <= high
    assert (low - spent, high - spent) == (14, 16)


def test_month_that_is_over_is_what_it_cost(marts: psycopg.Connection, spend: Spend) -> None:
    for number in range(31):
        spend(date(2026, 10, 1) + timedelta(days=number), "2")
    assert forecast(marts, date(2026, 10, 1)) == (date(2026, 10, 31), 0, 62, 62, 62, 62)


def test_month_of_a_tenant_that_just_began_is_not_foretold(
    marts: psycopg.Connection, spend: Spend
) -> None:
    for number in range(3):
        spend(date(2026, 11, 1) + timedelta(days=number), "2")
    assert forecast(marts, date(2026, 11, 1)) == (date(2026, 11, 3), 27, 6, None, None, None)


def switch_to_euros(spend: Spend, first_in_euros: date) -> None:
    """A hundred a day from September to the tenth of November."""
    for number in range(71):
        day = date(2026, 9, 1) + timedelta(days=number)
        spend(day, "100", currency="EUR" if day >= first_in_euros else "USD")


def test_days_before_a_currency_are_no_days_of_no_cost(
    marts: psycopg.Connection, spend: Spend
) -> None:
    switch_to_euros(spend, date(2026, 11, 1))
    assert forecast(marts, date(2026, 11, 1)) == (
        date(2026, 11, 10), 20, 1000, 3000, 3000, 3000,
    )  # fmt: skip
    assert marts.execute(
        "select distinct is_judged, is_anomaly from marts.cost_anomalies_daily"
        " where billing_currency = 'EUR'"
    ).fetchall() == [(False, None)]


def test_currency_that_another_took_over_costs_nothing_more(
    marts: psycopg.Connection, spend: Spend
) -> None:
    switch_to_euros(spend, date(2026, 11, 4))
    assert marts.execute(
        "select billing_currency, days_to_come, cost_to_date, forecast_low_cost, forecast_cost,"
        " forecast_high_cost from marts.cost_forecast where billing_month = '2026-11-01' order by 1"
    ).fetchall() == [("EUR", 20, 700, 2700, 2700, 2700), ("USD", 0, 300, 300, 300, 300)]


def test_currency_that_pauses_beside_another_is_foretold(
    marts: psycopg.Connection, spend: Spend
) -> None:
    switch_to_euros(spend, date(2026, 12, 1))
    for day in (1, 8):
        spend(date(2026, 11, day), "1", currency="EUR")
    assert marts.execute(
        "select billing_currency, days_to_come from marts.cost_forecast"
        " where billing_month = '2026-11-01' order by 1"
    ).fetchall() == [("EUR", 20), ("USD", 20)]


def test_unit_costs_are_quotients_of_the_columns_beside_them(marts: psycopg.Connection) -> None:
    marts.execute(
        "insert into marts.usage_by_team_daily (charge_date, tenant_id, team_id, cost_center,"
        " request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
        " unpriced_tokens, effective_cost, billing_currency) values"
        " ('2026-11-02', 'acme', 'core', 'CC1', 3, 800, 100, 200, 900, 0, 1.5, 'USD'),"
        " ('2026-11-02', 'acme', 'core', 'CC2', 1, 200, 100, 0, 300, 0, 0.9, 'USD')"
    )
    marts.execute(
        "insert into marts.usage_by_user_daily (charge_date, tenant_id, user_id, team_id,"
        " request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
        " unpriced_tokens, billing_currency) select '2026-11-02', 'acme', u, 'core', 1, 0, 0, 0, 0,"
        " 0, 'USD' from unnest(array['ann', 'bob', 'unassigned']) as u"
    )
    assert marts.execute(
        "select request_count, active_users, cost_per_request, cost_per_thousand_tokens,"
        " cost_per_active_user, cache_hit_share from marts.unit_economics_daily"
    ).fetchall() == [(4, 2, Decimal("0.6"), Decimal(2), Decimal("1.2"), Decimal("0.2"))]


def test_what_nothing_used_or_priced_has_no_unit_cost(marts: psycopg.Connection) -> None:
    marts.execute(
        "insert into marts.usage_by_feature_daily (charge_date, tenant_id, feature, environment,"
        " request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
        " unpriced_tokens, effective_cost, billing_currency) values"
        " ('2026-11-02', 'acme', 'chat', 'prod', 2, 10, 0, 0, 10, 10, null, 'USD'),"
        " ('2026-11-02', 'acme', 'idle', 'prod', 0, 0, 0, 0, 0, 0, 0, 'USD')"
    )
    assert marts.execute(
        "select feature, cost_per_request, cost_per_thousand_tokens, cache_hit_share"
        " from marts.unit_economics_by_feature_daily order by feature"
    ).fetchall() == [("chat", None, None, 0), ("idle", None, None, None)]


def test_month_of_a_pool_is_told_per_version_of_its_rules(marts: psycopg.Connection) -> None:
    marts.execute(
        "insert into marts.fct_allocated_cost_daily (charge_date, tenant_id, cost_center, team_id,"
        " team_name, project_id, pool, allocation_status, rule_version, effective_cost,"
        " billing_currency) select day::date, 'acme', 'CC1', 'core', team, 'p', pool, status,"
        " version, cost, 'USD' from (values"
        " ('2026-11-01', 'Kern', 'direct', 'direct', null, 7.5),"
        " ('2026-11-01', 'Kern', 'shared', 'allocated', 3, 1.000000000000000000000001),"
        " ('2026-11-02', 'Core', 'shared', 'allocated', 3, 2),"
        " ('2026-11-03', 'Core', 'shared', 'allocated', 4, null),"
        " ('2026-12-01', 'Core', 'shared', 'allocated', 4, 5)"
        ") as t (day, team, pool, status, version, cost)"
    )
    assert marts.execute(
        "select billing_month, team_name, pool, rule_version, effective_cost, last_charge_date"
        " from marts.fct_allocated_cost_monthly order by 1, 3, 4"
    ).fetchall() == [
        (date(2026, 11, 1), "Kern", "direct", None, Decimal("7.5"), date(2026, 11, 1)),
        (
            date(2026, 11, 1), "Core", "shared", 3, Decimal("3.000000000000000000000001"),
            date(2026, 11, 2),
        ),
        (date(2026, 11, 1), "Core", "shared", 4, None, date(2026, 11, 3)),
        (date(2026, 12, 1), "Core", "shared", 4, Decimal(5), date(2026, 12, 1)),
    ]  # fmt: skip
