"""One night, end to end without Airflow: what arrives at the source is what the marts say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from meterr_etl import pipeline
from meterr_etl.errors import ConflictError, GateFailedError
from meterr_etl.window import Window

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]

VERDICTS = "select verdict, row_count from ops.run_verdicts where run_id = '{}' and row_count > 0"
REASONS = "select unnest(reasons) from staging.dead_letters where run_id = '{}' order by 1"
COSTS = (
    "select token_type, consumed_quantity, list_unit_price, effective_cost"
    " from marts.fct_usage_cost_daily where token_type <> 'request' order by token_type"
)


def test_event_becomes_cost_of_its_team_and_cost_center(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.add_event(input_tokens=1000, cache_read_tokens=400, output_tokens=100)
    night()
    assert warehouse.rows(COSTS) == [
        ("cache_read", Decimal(400), Decimal("0.00000125"), Decimal("0.00050000")),
        ("output", Decimal(100), Decimal("0.00001"), Decimal("0.00100")),
        ("uncached_input", Decimal(600), Decimal("0.0000025"), Decimal("0.0015000")),
    ]
    assert warehouse.rows(
        "select tenant_name, team_name, cost_center, effective_cost from marts.chargeback_monthly"
    ) == [("Acme", "Platform", "CC-1", Decimal("0.0030000"))]


def test_same_window_twice_gives_the_same_marts_and_a_new_run(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    for hour in range(5):
        source.add_event(hour=hour)
    first = night()
    before = warehouse.digest()
    second = night()
    assert warehouse.digest() == before
    assert first != second
    assert warehouse.rows(VERDICTS.format(second)) == [("unchanged", 5)]


def test_run_leaves_no_table_of_its_own_behind(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event()
    run_id = night()
    assert (
        warehouse.rows(
            f"select relname from pg_class where relname like '%{run_id}%'"
            f" union all select nspname from pg_namespace where nspname like '%{run_id}%'"
        )
        == []
    )


def test_late_event_changes_its_own_day(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    night(DAY)
    source.add_event(created_at=at(DAY, 23), updated_at=at(next_day(), 3))
    night(next_day())
    assert warehouse.rows(
        "select charge_date, sum(request_count)::int from marts.usage_by_team_daily group by 1"
    ) == [(DAY, 2)]
    assert warehouse.rows(
        "select event_date, version, event_count, late_event_count"
        " from ops.published_days order by 1"
    ) == [(DAY, 2, 2, 1), (next_day(), 1, 0, 0)]


def test_corrected_event_replaces_what_stood_and_both_days_are_rebuilt(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    event = source.add_event(DAY, input_tokens=1000)
    night(DAY)
    source.execute(
        f"update public.token_usage set input_tokens = 7, created_at = '{at(next_day(), 1)}',"
        f" updated_at = '{at(next_day(), 5)}' where id = '{event}'"
    )
    run_id = night(next_day())
    assert warehouse.rows(VERDICTS.format(run_id)) == [("revision", 1)]
    assert warehouse.rows(
        "select event_date, uncached_input_tokens from staging.published_events"
    ) == [(next_day(), 7)]
    assert (
        warehouse.value("select uncached_input_tokens from staging.token_event_revisions") == 1000
    )
    assert warehouse.rows("select distinct charge_date from marts.usage_by_team_daily") == [
        (next_day(),)
    ]


def test_order_of_nights_does_not_matter(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    event = source.add_event(DAY)
    source.add_event(created_at=at(DAY, 22), updated_at=at(next_day(), 1))
    source.execute(
        f"update public.token_usage set updated_at = '{at(next_day(), 2)}' where id = '{event}'"
    )
    night(next_day())
    night(DAY)
    backwards = warehouse.digest()
    assert warehouse.value("select sum(event_count)::int from ops.published_days") == 2
    night(DAY)
    night(next_day())
    assert warehouse.digest() == backwards


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [
        ({"input_tokens": -1}, ["input_tokens_negative"]),
        ({"input_tokens": 10, "cache_read_tokens": 11}, ["uncached_input_negative"]),
        ({"organization_id": None}, ["tenant_id_missing"]),
        ({"created_at": at(DAY, 1).replace(year=1970)}, ["event_at_before_2020"]),
        ({"created_at": at(DAY, 1).replace(year=2099)}, ["event_at_after_update"]),
        ({"metadata": {"blob": "x" * 10_000_000}}, ["tags_too_large"]),
    ],
    ids=["negative", "cache above input", "no tenant", "1970", "2099", "10 MB of tags"],
)
def test_poison_row_becomes_a_dead_letter_and_the_night_goes_on(
    source: SourceTables,
    warehouse: Warehouse,
    night: Night,
    fault: dict[str, object],
    reasons: list[str],
) -> None:
    source.add_event()
    source.add_event(**{"updated_at": at(DAY, 13), **fault})
    run_id = night()
    assert sorted(warehouse.rows(VERDICTS.format(run_id))) == [("dead", 1), ("new", 1)]
    assert [row[0] for row in warehouse.rows(REASONS.format(run_id))] == reasons


def test_unknown_owner_is_staged_under_its_id_and_named_when_it_arrives(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    night(DAY)
    names = "select distinct tenant_id, tenant_name, cost_center from marts.usage_by_team_daily"
    assert warehouse.rows(names) == [(str(an_id("acme")), None, "unassigned")]
    source.add_acme()
    night(next_day())
    assert warehouse.rows(names) == [(str(an_id("acme")), "Acme", "CC-1")]
    assert (
        warehouse.value(f"select version from ops.published_days where event_date = '{DAY}'") == 2
    )


def test_unknown_model_is_unpriced_with_its_quantity_and_stops_the_night_above_its_share(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(model="gpt-4o", input_tokens=1_000_000)
    source.add_event(model="mystery-9", input_tokens=1000, output_tokens=0)
    night(DAY)
    assert warehouse.rows(
        "select model, token_type, consumed_quantity from marts.unpriced_usage_daily"
    ) == [("mystery-9", "uncached_input", Decimal(1000))]
    source.add_event(next_day(), model="mystery-9")
    with pytest.raises(GateFailedError, match="unpriced"):
        night(next_day())
    assert warehouse.value("select count(*) from ops.published_days") == 1


def test_rows_of_a_failed_night_are_left_for_its_own_rerun(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY, hour=1)
    source.add_event(next_day(), hour=23, model="mystery-9")
    source.add_event(next_day(days=2), hour=1)
    night(DAY)
    with pytest.raises(GateFailedError):
        night(next_day())
    night(next_day(days=2))
    assert warehouse.rows("select event_date from staging.published_events order by 1") == [
        (DAY,),
        (next_day(days=2),),
    ]
    source.execute("update public.token_usage set model = 'gpt-4o'")
    night(next_day())
    assert warehouse.value("select count(*) from staging.published_events") == 3


def test_look_back_reads_what_was_committed_after_its_window_was_read(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY, hour=10)
    night(DAY)
    source.add_event(created_at=at(DAY, 23, 30))
    night(next_day())
    assert warehouse.value("select count(*) from staging.published_events") == 2
    assert at(DAY, 23, 30) + timedelta(hours=2) > at(next_day(), 0)


def test_empty_night_is_published(source: SourceTables, warehouse: Warehouse, night: Night) -> None:
    night(DAY)
    assert warehouse.rows("select event_date, event_count from ops.published_days") == [(DAY, 0)]


def test_id_that_comes_twice_for_two_earlier_days_is_published_once(
    source: SourceTables, warehouse: Warehouse, night: Callable[..., str]
) -> None:
    source.add_acme()
    source.execute("alter table public.token_usage drop constraint token_usage_pkey")
    third = next_day(days=2)
    one = source.add_event(DAY, updated_at=at(third, 1))
    source.add_event(next_day(), id=one, updated_at=at(third, 2))
    night(third)
    assert warehouse.rows("select event_date from staging.published_events") == [(next_day(),)]


def test_candidate_that_a_crash_emptied_is_not_judged(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_acme()
    source.add_event()
    run_id = pipeline.extract("supabase", Window.of_day(DAY), trigger="test")
    for step in ("gate_landing", "stage", "gate_staging", "transform"):
        pipeline.run_step(step, run_id)
    # As a recovery does to what is unlogged.
    warehouse.change(f"truncate candidate_{run_id}.affected_days")
    with pytest.raises(ConflictError, match="emptied by a crash of the server"):
        pipeline.run_step("gate_marts", run_id)
