"""A sweep finds what differs from the source, says so, heals it through the gates, and no more."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.errors import GateFailedError
from meterr_etl.gates.waivers import waive
from meterr_etl.maintenance import sweep
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

from .conftest import DAY, SourceTables, Warehouse, at, next_day, with_rates

Night = Callable[..., str]


def with_two_nights(pair: Pair) -> None:
    with_rates(pair)
    source = SourceTables(pair.source)
    source.add_acme()
    for day in (DAY, next_day()):
        for hour in (1, 2, 3):
            source.add_event(day, hour=hour)
        pipeline.run_window("supabase", Window.of_day(day), trigger="test")


@pytest.fixture
def pair(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Two published days of three events each."""
    with prepared.copied(with_two_nights, monkeypatch) as copies:
        yield copies


@pytest.fixture
def source(pair: Pair) -> SourceTables:
    """The source of these; its further events have other ids."""
    return SourceTables(pair.source, itertools.count(100))


@pytest.fixture
def two_nights(warehouse: Warehouse) -> dict[str, str]:
    """The digest of all that two nights published."""
    return warehouse.digest()


def by_hand(warehouse: Warehouse, statement: str) -> None:
    with psycopg.connect(warehouse.url) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_sweep_of_a_sound_warehouse_repairs_nothing(
    warehouse: Warehouse, two_nights: dict[str, str]
) -> None:
    assert sweep("supabase", trigger="test") == []
    assert warehouse.value("select count(*) from ops.runs where kind = 'repair'") == 0


@pytest.mark.parametrize(
    "damage",
    [
        f"drop table staging.token_events_{DAY:%Y%m%d}",
        f"delete from staging.token_events where event_at = '{at(DAY, 2)}'",
        f"delete from marts.usage_by_team_daily where charge_date = '{DAY}'",
        f"delete from marts.fct_usage_cost_daily where charge_date = '{DAY}'",
    ],
)
def test_day_deleted_by_hand_is_noticed_and_restored(
    warehouse: Warehouse, two_nights: dict[str, str], damage: str
) -> None:
    by_hand(warehouse, damage)
    assert [found.day for found in sweep("supabase", trigger="test", only_look=True)] == [DAY]
    assert [(h.day, h.outcome) for h in sweep("supabase", trigger="test")] == [(DAY, "healed")]
    assert warehouse.digest() == two_nights
    assert sweep("supabase", trigger="test") == []


def test_day_that_lost_mart_rows_and_an_event_at_once_is_restored(
    source: SourceTables, warehouse: Warehouse, night: Night, two_nights: dict[str, str]
) -> None:
    source.add_event(DAY, hour=5, project_id=None)
    night(DAY)
    source.execute(f"delete from public.token_usage where created_at = '{at(DAY, 5)}'")
    by_hand(warehouse, f"delete from marts.usage_by_team_daily where charge_date = '{DAY}'")
    assert [(h.day, h.outcome) for h in sweep("supabase", trigger="test")] == [(DAY, "healed")]
    assert warehouse.digest() == two_nights


def test_cost_that_comes_back_is_on_record_as_a_repair(
    warehouse: Warehouse, two_nights: dict[str, str]
) -> None:
    by_hand(warehouse, f"delete from marts.usage_by_team_daily where charge_date = '{DAY}'")
    sweep("supabase", trigger="test")
    assert warehouse.rows("select charge_date, cause from marts.restatements") == [(DAY, "repair")]


def test_night_builds_on_no_day_that_lost_events(
    source: SourceTables, warehouse: Warehouse, night: Night, two_nights: dict[str, str]
) -> None:
    by_hand(warehouse, f"delete from staging.token_events where event_at = '{at(DAY, 2)}'")
    third = next_day(days=2)
    source.add_event(DAY, hour=4, updated_at=at(third, 1))
    with pytest.raises(GateFailedError, match="affected days hold other events"):
        night(third)
    assert warehouse.value("select count(*) from ops.publications") == 2


def test_row_that_no_look_back_could_see_is_picked_up(
    source: SourceTables, warehouse: Warehouse, two_nights: dict[str, str]
) -> None:
    source.add_event(DAY, hour=5)
    (healed,) = sweep("supabase", trigger="test")
    assert (healed.day, healed.outcome) == (DAY, "healed")
    assert healed.why.startswith("the source holds 4 rows, the warehouse 3")
    assert warehouse.value("select count(*) from staging.published_events") == 7


def test_row_deleted_at_the_source_is_removed_and_kept_as_a_revision(
    source: SourceTables, warehouse: Warehouse, two_nights: dict[str, str]
) -> None:
    source.execute(f"delete from public.token_usage where created_at = '{at(DAY, 2)}'")
    assert [h.outcome for h in sweep("supabase", trigger="test")] == ["healed"]
    assert (
        warehouse.value(f"select count(*) from staging.published_events where event_date = '{DAY}'")
        == 2
    )
    assert warehouse.value("select count(*) from staging.token_event_revisions") == 1
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 5


def test_event_that_was_read_after_the_repair_stays_though_the_repair_never_saw_it(
    source: SourceTables, warehouse: Warehouse, night: Night, two_nights: dict[str, str]
) -> None:
    source.add_event(DAY, hour=5, model="mystery-9")
    source.execute(f"delete from public.token_usage where created_at = '{at(DAY, 2)}'")
    (found,) = sweep("supabase", trigger="test")
    assert "no price" in found.outcome
    repair = str(warehouse.value("select run_id from ops.runs where kind = 'repair'"))
    third = next_day(days=2)
    source.add_event(DAY, hour=6, updated_at=at(third, 1))
    night(third)
    waive(repair, "marts", "a model of our own")
    pipeline.resume(repair, after="gate_landing")
    assert warehouse.rows(
        "select extract(hour from event_at)::int from staging.published_events"
        f" where event_date = '{DAY}' order by 1"
    ) == [(1,), (3,), (5,), (6,)]


def test_day_that_the_source_no_longer_keeps_is_left_alone(
    source: SourceTables, warehouse: Warehouse, two_nights: dict[str, str]
) -> None:
    source.execute(f"delete from public.token_usage where created_at < '{at(next_day(), 0)}'")
    sweep("supabase", trigger="test")
    assert warehouse.value("select count(*) from staging.published_events") == 6


def test_day_with_a_dead_row_is_repaired_once_and_then_sound(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    third = next_day(days=2)
    source.add_event(third)
    source.add_event(third, hour=3, output_tokens=-1)
    night(third)
    assert [h.outcome for h in sweep("supabase", trigger="test")] == ["sound"]
    assert sweep("supabase", trigger="test") == []
    source.add_event(third, hour=4)
    assert [h.day for h in sweep("supabase", trigger="test")] == [third]
