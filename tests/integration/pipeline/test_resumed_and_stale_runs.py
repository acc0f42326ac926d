"""Runs that go on late, after a crash, or after others: they lose nothing and double nothing."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.cli import nights
from meterr_etl.errors import ConflictError, GateFailedError
from meterr_etl.gates.waivers import waive
from meterr_etl.repricing import rebuilt
from meterr_etl.sources.registry import SOURCES_FOLDER
from meterr_etl.steps import publish as publish_step
from meterr_etl.window import Window

from .conftest import DAY, SourceTables, Warehouse, an_id, at, next_day

Night = Callable[..., str]


def until(step: str, window: Window) -> str:
    """Run a window's steps up to one of them, included."""
    run_id = pipeline.extract("supabase", window, trigger="test")
    for name in pipeline.STEPS[1 : pipeline.STEPS.index(step) + 1]:
        pipeline.run_step(name, run_id)
    return run_id


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call `meterr run --resume` in this process."""
    monkeypatch.setattr(nights, "log_progress", lambda: None)
    return lambda run_id: nights.run(resume=run_id)


def test_day_that_a_dying_publish_attached_is_never_built_without_its_rows(
    source: SourceTables, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.add_event(DAY)
    run_id = until("gate_marts", Window.of_day(DAY))
    with monkeypatch.context() as patch:
        patch.setattr(publish_step, "_publish_all", _die)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run_step("publish", run_id)
    with pytest.raises(ConflictError, match="no whole batch: 0 rows of 1"):
        pipeline.run_step("transform", run_id)
    pipeline.resume(run_id, after="gate_landing")
    assert warehouse.value("select count(*) from staging.published_events") == 1
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_crash_that_empties_landing_is_noticed_not_published(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY)
    run_id = until("gate_landing", Window.of_day(DAY))
    with psycopg.connect(warehouse.url) as server:
        server.execute(f"truncate landing.supabase__{run_id}")  # type: ignore[arg-type]
    with pytest.raises(ConflictError, match="landed 0 rows, but its extract read 1"):
        pipeline.run_step("stage", run_id)


def test_stale_run_does_not_double_an_event_whose_revision_moved_its_day(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    event = source.add_event(DAY, input_tokens=1000)
    stale = until("extract", Window.of_day(DAY))
    later = next_day(days=2)
    source.execute(
        f"update public.token_usage set input_tokens = 7, created_at = '{at(later, 1)}',"
        f" updated_at = '{at(later, 2)}' where id = '{event}'"
    )
    night(later)
    pipeline.resume(stale, after="extract")
    assert warehouse.rows(
        "select event_date, uncached_input_tokens from staging.published_events"
    ) == [(later, 7)]


def test_step_of_a_published_run_changes_nothing_of_its_record(
    source: SourceTables, warehouse: Warehouse
) -> None:
    source.add_event(DAY)
    run_id = until("publish", Window.of_day(DAY))
    assert pipeline.run_step("stage", run_id)["outcome"] == "was published already"
    assert warehouse.rows(
        "select verdict, row_count from ops.run_verdicts where row_count > 0"
    ) == [("new", 1)]


def test_day_is_rebuilt_when_the_team_of_a_known_project_arrives(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
    acme, platform = an_id("acme"), an_id("platform")
    source.execute("alter table public.projects drop constraint if exists projects_team_id_fkey")
    source.add("organizations", id=acme, name="Acme", billing_currency="USD", **then)
    source.add(
        "projects", id=an_id("search"), organization_id=acme, team_id=platform, name="S", **then
    )
    source.add_event(DAY)
    night(DAY)
    source.add(
        "teams", id=platform, organization_id=acme, name="Platform", cost_center="CC-1", **then
    )
    night(next_day())
    assert warehouse.rows("select team_name, cost_center from marts.usage_by_team_daily") == [
        ("Platform", "CC-1")
    ]


def test_waived_repair_goes_on_without_the_gate_that_judges_no_repair(
    source: SourceTables, warehouse: Warehouse, night: Night, go_on: Callable[[str], None]
) -> None:
    source.add_event(DAY)
    night(DAY)
    source.add_event(DAY, hour=5, model="mystery-9")
    with pytest.raises(GateFailedError):
        pipeline.repair("supabase", DAY, trigger="test", reason="a test")
    repair = str(warehouse.value("select run_id from ops.runs where kind = 'repair'"))
    waive(repair, "marts", "a model of our own")
    go_on(repair)
    assert warehouse.value("select count(*) from staging.published_events") == 2
    steps = warehouse.rows(f"select step from ops.run_steps where run_id = '{repair}'")
    assert ("gate_landing",) not in steps


def test_re_rating_that_failed_goes_on_though_it_landed_nothing(
    source: SourceTables, warehouse: Warehouse, night: Night, go_on: Callable[[str], None]
) -> None:
    source.add_event(DAY)
    night(DAY)
    with pytest.raises(ZeroDivisionError):
        rebuilt([DAY], "reprice", trigger="test", tenant_id=None, compare=lambda *_: [{"": 1 / 0}])
    go_on(str(warehouse.value("select run_id from ops.runs where kind = 'reprice'")))
    assert warehouse.value("select version::int from ops.published_days") == 2


def test_owner_who_arrives_is_known_though_another_source_published_the_day_since(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_acme()
    source.execute("delete from public.projects")
    source.add_event(DAY)
    night(DAY)
    source.execute((SOURCES_FOLDER / "canonical" / "table.sql").read_text(encoding="utf-8"))
    moment = at(DAY, 5)
    source.add(
        "usage_events", source_event_id="other", event_at=moment, source_updated_at=moment,
        tenant_id="beta", provider="openai", model="gpt-4o", usage_basis="inclusive",
        input_tokens=10,
    )  # fmt: skip
    pipeline.run_window("canonical", Window.of_day(DAY), trigger="test")
    source.add(
        "projects", id=an_id("search"), organization_id=an_id("acme"), team_id=an_id("platform"),
        name="Search", created_at=at(DAY, 0), updated_at=at(DAY, 0),
    )  # fmt: skip
    night(next_day())
    assert warehouse.rows(
        f"select team_name from marts.usage_by_team_daily where tenant_id = '{an_id('acme')}'"
    ) == [("Platform",)]


def test_published_window_can_be_run_again_after_all_its_rows_moved_on(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    for n in range(4):
        for hour in (3, 4, 5):
            source.add_event(next_day(days=n), hour=hour)
        night(next_day(days=n))
    last, after = next_day(days=3), next_day(days=4)
    source.add_event(after, hour=6)
    source.execute(
        f"update public.token_usage set updated_at = '{at(after, 7)}'"
        f" where created_at >= '{at(last, 0)}'"
    )
    night(after)
    night(last)
    assert warehouse.value("select count(*) from staging.published_events") == 13
