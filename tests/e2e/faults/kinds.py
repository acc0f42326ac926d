"""The kinds of fault: each befalls the night of one day while others may be at work."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import psycopg
from psycopg import sql

from tests.e2e.faults.deeds import change_price, recover
from tests.e2e.faults.history import STUCK_S, World
from tests.e2e.faults.process import Process
from tests.e2e.faults.striker import Deed, Moment, Strike

STEPS = ("extract", "gate_landing", "stage", "gate_staging", "transform", "gate_marts", "publish",
         "publish", "publish", "report")  # fmt: skip
# Statements of each step of a small night, roughly: where fewer come, the step's end is struck.
STATEMENTS = {"extract": 60, "gate_landing": 20, "stage": 60, "gate_staging": 24, "transform": 130,
              "gate_marts": 30, "publish": 90, "report": 60}  # fmt: skip
# The first statement of the publish's transaction.
PUBLICATION = "insert into ops.publications"
UNANSWERED: list[tuple[Deed, Moment]] = [("kill", "in flight"), ("lose answer", "after")]
Fault = Callable[[World, date, list[date]], None]


def killed(world: World, day: date, _: list[date]) -> None:
    """`kill -9` before, in or after any statement of any step."""
    recover(world, day, world.finish(world.begin(day, _strike(world, "kill"))))


def killed_in_publish(world: World, day: date, _: list[date]) -> None:
    """`kill -9` within publish: its lock, its attach, its transaction, its commits."""
    strike = _strike(world, "kill", "publish", only_commits=world.rng.random() < 0.5)
    recover(world, day, world.finish(world.begin(day, strike)))


def killed_between_attach_and_publish(world: World, day: date, _: list[date]) -> None:
    """`kill -9` once the day's partition is attached, hidden, before the publish is recorded."""
    strike = Strike("kill", "publish", 1, since=PUBLICATION)
    recover(world, day, world.finish(world.begin(day, strike)))


def commit_unanswered(world: World, day: date, _: list[date]) -> None:
    """The publish's commit is sent and its answer lost: to a dead process, or to a living one."""
    deed, moment = world.rng.choice(UNANSWERED)
    strike = Strike(deed, "publish", 1, moment, only_commits=True, since=PUBLICATION)
    outcome = world.finish(world.begin(day, strike))
    if not world.is_published(day):
        world.problems.append(f"a commit that was sent did not publish: {outcome}")
    recover(world, day, outcome)


def server_crashed(world: World, day: date, _: list[date]) -> None:
    """The database server is restarted in the middle, without warning."""
    process = world.begin(day, _strike(world, "pause"))
    if world.advance(process) == "paused":
        world.server.crash()
        process.go_on()
    recover(world, day, world.finish(process))


def source_cut(world: World, day: date, _: list[date]) -> None:
    """The source ends the connection in the middle of the extract."""
    process = world.begin(day, Strike("pause", "extract", world.rng.randrange(20, 60)))
    if world.advance(process) == "paused":
        with psycopg.connect(world.source_url, autocommit=True) as source:
            source.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and application_name = 'meterr extract'"
            )
        process.go_on()
    recover(world, day, world.finish(process))


def source_stalled(world: World, day: date, _: list[date]) -> None:
    """The source stops sending: somebody holds its table longer than the statement timeout."""
    with psycopg.connect(world.source_url) as holder:
        holder.execute("lock table public.token_usage in access exclusive mode")
        outcome = world.finish(world.begin(day))
    if outcome.get("error") != "SourceUnavailableError":
        world.problems.append(f"a stalled source gave {outcome}")
    recover(world, day, outcome)


def disk_full(world: World, day: date, _: list[date]) -> None:
    """The disk is full at any statement of any step."""
    recover(world, day, world.finish(world.begin(day, _strike(world, "disk full"))))


def retried_while_alive(world: World, day: date, _: list[date]) -> None:
    """A task is tried again while its first try still lives: the second must be refused."""
    strike = _strike(world, "pause", world.rng.choice(STEPS[1:]))
    first = world.begin(day, strike)
    if world.advance(first) == "paused":
        run = world.newest_run(day)
        assert run is not None
        second = world.finish(world.resume(run[0], strike.step))
        if second.get("error") not in ("BusyError", None):
            world.problems.append(f"a second try gave {second}")
        first.go_on()
    world.finish(first)


def zombie(world: World, day: date, _: list[date]) -> None:
    """A first try loses the session that holds its lock, is retried, and then wakes up again."""
    strike = _strike(world, "pause", world.rng.choice(STEPS[1:]))
    first = world.begin(day, strike)
    if world.advance(first) == "paused" and (run := world.newest_run(day)):
        world.rows(
            "select pg_terminate_backend(a.pid) from pg_stat_activity as a"
            " inner join pg_locks as l on l.pid = a.pid and l.locktype = 'advisory'"
            " where a.application_name = %s",
            f"meterr {strike.step}",
        )
        second = world.resume(run[0], strike.step)
        world.advance(second)
        first.go_on()
        world.finish(second)
    recover(world, day, world.finish(first))


def dump_holds_tables(world: World, day: date, _: list[date]) -> None:
    """A dump has read-locked every table when the publish wants to attach a day."""
    process = world.begin(day, Strike("pause", "publish", world.rng.randrange(1, 8)))
    if world.advance(process) == "paused":
        with psycopg.connect(world.warehouse_url) as dump:
            for schema, name in world.rows(
                "select schemaname, tablename from pg_tables where schemaname in"
                " ('landing', 'staging', 'reference', 'ops', 'marts')"
            ):
                table = sql.Identifier(schema, name)
                dump.execute(sql.SQL("lock table {} in access share mode").format(table))
            process.go_on()
            if not _published_within(world, day, process, STUCK_S):
                world.problems.append("a publish waits for a dump")
    world.finish(process)


def price_changed(world: World, day: date, others: list[date]) -> None:
    """A price changes while a run is between transform and publish."""
    process = world.begin(day, Strike("pause", "publish", 1))
    if world.advance(process) == "paused":
        new = "0.0000099"
        world.prices["gpt-4o"] = (new, *world.prices["gpt-4o"][1:])
        change_price(world, "gpt-4o", "uncached_input", new)
        process.go_on()
    world.finish(process)


def owner_changed(world: World, day: date, others: list[date]) -> None:
    """A team gets another cost center, and another run publishes that, between the two."""
    process = world.begin(day, Strike("pause", "publish", 1))
    if world.advance(process) == "paused":
        world.source.move_cost_center("team of search", "CC-moved")
        if others:
            world.finish(world.begin(others[0]))
        process.go_on()
    world.finish(process)


def overlapping(world: World, day: date, others: list[date]) -> None:
    """Another window, or the same one again, runs from end to end in the middle of a night."""
    strike = _strike(world, "pause")
    first = world.begin(day, strike)
    if world.advance(first) == "paused":
        for _ in range(world.rng.randrange(3)):
            if others:
                world.source.change(world.rng.choice(others))
        second = world.begin(world.rng.choice([*others, day]))
        world.advance(second)
        first.go_on()
        world.finish(second)
    world.finish(first)


def red_night(world: World, day: date, others: list[date]) -> None:
    """A night is stopped by a gate; the next night must leave its rows to its own rerun."""
    broken = world.source.break_one(day)
    outcome = world.finish(world.begin(day))
    if outcome.get("error") != "GateFailedError":
        world.problems.append(f"a broken night gave {outcome}")
    if others:
        world.finish(world.begin(others[0]))
    world.source.mend(broken)


def undisturbed(world: World, day: date, _: list[date]) -> None:
    """Nothing befalls: random order alone."""
    world.finish(world.begin(day))


KINDS: dict[str, Fault] = {
    "kill": killed,
    "kill in publish": killed_in_publish,
    "kill between attach and publish": killed_between_attach_and_publish,
    "commit unanswered": commit_unanswered,
    "server crash": server_crashed,
    "source cut": source_cut,
    "source stalled": source_stalled,
    "disk full": disk_full,
    "retry while alive": retried_while_alive,
    "zombie": zombie,
    "dump holds tables": dump_holds_tables,
    "price change": price_changed,
    "owner change": owner_changed,
    "overlap": overlapping,
    "red night": red_night,
    "sweep": undisturbed,
    "none": undisturbed,
}


# These start other windows in the middle of a night, or wait for whoever writes to the source.
UNFIT_FOR_LATE_COMMITS = ("owner change", "overlap", "red night", "source stalled")


def _strike(
    world: World, deed: Deed, step: str | None = None, *, only_commits: bool = False
) -> Strike:
    step = step or world.rng.choice(STEPS)
    most = 8 if only_commits else STATEMENTS[step]
    moments: list[Moment] = ["before", "after", "in flight"] if deed == "kill" else ["before"]
    moment = world.rng.choice(moments)
    return Strike(deed, step, world.rng.randrange(1, most), moment, only_commits)


def _published_within(world: World, day: date, process: Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not world.is_published(day):
        if process.wait(0.05) == "ended":
            break
    return world.is_published(day)
