"""Histories in which others lose or double spend, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.faults import kinds
from tests.e2e.faults.checks import check
from tests.e2e.faults.deeds import change_price
from tests.e2e.faults.history import World
from tests.e2e.faults.source_rows import an_id
from tests.e2e.faults.striker import Strike

# Of the sessions of a publish, those that want its lock.
WAITING = """
select a.pid from pg_stat_activity as a inner join pg_locks as l on l.pid = a.pid
where a.application_name = 'meterr publish' and l.locktype = 'advisory' and not l.granted
"""
Night = Callable[..., dict[str, Any]]


def add(world: World, name: str, day: date, hour: int = 12, **changes: object) -> None:
    """Add an event of a day; `updated` names another moment of its arrival."""
    created = datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")
    row = {
        "id": an_id(name),
        "organization_id": an_id("acme"),
        "project_id": an_id("search"),
        "provider": "openai",
        "model": "gpt-4o",
        "input_tokens": 1000,
        "output_tokens": 100,
        "cache_read_tokens": None,
        "reasoning_tokens": None,
        "created_at": created,
        "updated_at": created,
        **changes,
    }
    world.source._insert(row)


def revise(world: World, name: str, to: date, *, happened: date | None = None) -> None:
    """Change an event as an application does: other tokens, a later cursor, maybe another day."""
    world.source.execute(
        "update public.token_usage set input_tokens = input_tokens + 7, updated_at = %s,"
        " created_at = coalesce(%s, created_at) where id = %s",
        datetime.fromisoformat(f"{to}T18:00:00+00:00"),
        happened and datetime.fromisoformat(f"{happened}T03:00:00+00:00"),
        an_id(name),
    )


@pytest.fixture(autouse=True)
def everything_holds(world: World) -> Iterator[None]:
    """Whatever a test does: at its end the marts are the source's, nothing is left, none mixed."""
    yield
    world.converge()
    check(world)
    assert world.problems == []


def paused(world: World, day: date, step: str = "publish") -> Any:
    process = world.begin(day, Strike("pause", step, 1))
    assert world.advance(process) == "paused"
    return process


def goes_on(world: World, process: Any) -> dict[str, Any]:
    process.go_on()
    return world.finish(process)


def test_two_parallel_runs_publish_different_days_with_two_revisions_of_one_event(
    world: World,
) -> None:
    first, _, third = world.days
    add(world, "event", first)
    slow = paused(world, first)
    revise(world, "event", third, happened=third)
    fast = paused(world, third)
    goes_on(world, fast)
    assert goes_on(world, slow)["run_id"]
    assert world.rows("select event_date from staging.published_events") == [(third,)]


@pytest.mark.parametrize("published_meanwhile", [0, 1])
def test_revision_moves_its_day_while_another_run_publishes_either_day(
    world: World, night: Night, published_meanwhile: int
) -> None:
    first, second, third = world.days
    for day in (first, second):
        add(world, f"event of {day}", day)
        night(day)
    revise(world, f"event of {first}", third, happened=second)
    moving = paused(world, third)
    add(world, "late", world.days[published_meanwhile], hour=1)
    night(world.days[published_meanwhile])
    goes_on(world, moving)
    assert world.rows("select max(event_date), count(*)::int from staging.published_events") == [
        (second, 3)
    ]


def test_publish_waits_for_the_one_that_is_at_work(world: World) -> None:
    first, second, _ = world.days
    for day in (first, second):
        add(world, f"event of {day}", day)
    slow = world.begin(first, Strike("pause", "publish", 1, since=kinds.PUBLICATION))
    assert world.advance(slow) == "paused"
    fast = world.begin(second)
    while not (waits := world.rows(WAITING)) and fast.wait(0.1) == "working":
        pass
    assert waits
    goes_on(world, slow)
    assert world.finish(fast)["run_id"]


def test_row_committed_after_its_window_was_read_is_read_by_the_next(
    world: World, night: Night
) -> None:
    first, second, _ = world.days
    for day in (first, second):
        add(world, f"event of {day}", day)
    night(first)
    add(world, "committed late", first, hour=23)
    night(second)
    assert world.rows("select count(*)::int from staging.published_events") == [(3,)]


def test_look_back_takes_no_row_of_a_red_night(world: World, night: Night) -> None:
    first, second, _ = world.days
    add(world, "broken", first, hour=23, model="mystery-9", output_tokens=10**7)
    assert night(first)["error"] == "GateFailedError"
    add(world, "sound", second)
    night(second)
    assert world.rows("select event_date from staging.published_events") == [(second,)]
    world.source.execute("update public.token_usage set model = 'gpt-4o'")


def test_same_id_twice_in_one_window_and_in_two(world: World, night: Night) -> None:
    first, second, _ = world.days
    add(world, "twice", first)
    add(world, "twice", first)
    later = datetime.fromisoformat(f"{first}T15:00:00+00:00")
    add(world, "twice", first, updated_at=later, input_tokens=2000)
    night(first)
    add(world, "twice", first, updated_at=later + timedelta(days=1), input_tokens=3000)
    night(second)
    assert world.rows("select uncached_input_tokens::int from staging.published_events") == [
        (3000,)
    ]


def test_dead_revision_never_supersedes_a_good_one(world: World, night: Night) -> None:
    first, second, _ = world.days
    add(world, "event", first)
    night(first)
    then = datetime.fromisoformat(f"{second}T15:00:00+00:00")
    add(world, "event", first, updated_at=then, output_tokens=-1)
    night(second)
    assert world.rows("select output_tokens::int from staging.published_events") == [(100,)]
    assert world.rows("select reasons from staging.dead_letters") == [(["output_tokens_negative"],)]


@pytest.mark.parametrize("unanswered", kinds.UNANSWERED)
def test_publish_whose_answer_was_lost_is_published_once(
    world: World, night: Night, unanswered: tuple[Any, Any]
) -> None:
    add(world, "event", world.days[0])
    deed, moment = unanswered
    since = kinds.PUBLICATION
    night(world.days[0], Strike(deed, "publish", 1, moment, only_commits=True, since=since))
    run = world.newest_run(world.days[0])
    assert run is not None
    assert run[1] == "published"
    assert world.finish(world.resume(run[0], "publish"))["run_id"] == run[0]
    assert world.rows("select count(*)::int from ops.publications") == [(1,)]


def test_task_retried_while_its_first_try_lives_is_refused(world: World) -> None:
    add(world, "event", world.days[0])
    first = world.begin(
        world.days[0], Strike("pause", "stage", 1, since='create table "staging"."batch')
    )
    assert world.advance(first) == "paused"
    run = world.newest_run(world.days[0])
    assert run is not None
    assert world.finish(world.resume(run[0], "stage"))["error"] == "BusyError"
    assert goes_on(world, first)["run_id"] == run[0]


def test_run_killed_between_attach_and_publish_leaves_a_hidden_day_that_the_next_one_fills(
    world: World, night: Night
) -> None:
    day = world.days[0]
    add(world, "event", day)
    assert night(day, Strike("kill", "publish", 1, since=kinds.PUBLICATION))["killed"]
    hidden = world.rows("select count(*)::int from staging.token_events")
    shown = world.rows("select count(*)::int from staging.published_events")
    assert (hidden, shown) == ([(1,)], [(0,)])
    night(day)
    assert world.rows("select count(*)::int from staging.published_events") == [(1,)]


def test_owner_that_changes_between_transform_and_publish_is_the_published_one(
    world: World, night: Night
) -> None:
    first, second, _ = world.days
    add(world, "early", first)
    add(world, "other", second)
    slow = paused(world, first)
    world.source.move_cost_center("team of search", "CC-moved")
    night(second)
    goes_on(world, slow)
    assert world.rows("select distinct cost_center from marts.usage_by_team_daily") == [
        ("CC-moved",)
    ]


def test_price_that_changes_between_transform_and_publish_is_the_published_one(
    world: World,
) -> None:
    add(world, "event", world.days[0])
    slow = paused(world, world.days[0])
    change_price(world, "gpt-4o", "uncached_input", "0.0000099")
    world.prices["gpt-4o"] = ("0.0000099", *world.prices["gpt-4o"][1:])
    goes_on(world, slow)
    assert world.rows("select sum(effective_cost) from marts.usage_by_team_daily") == [
        (Decimal("0.0109"),)
    ]


@pytest.mark.parametrize("kind", ["dump holds tables", "server crash", "zombie", "overlap"])
def test_disturbed_night_converges(world: World, kind: str) -> None:
    for day in world.days:
        world.source.add_events(day, 4)
    kinds.KINDS[kind](world, world.days[0], world.days[1:])
