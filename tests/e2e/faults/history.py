"""Plays one seeded history: a source that changes, nights in any order, one fault, the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg

from meterr_etl import pipeline
from meterr_etl.window import Window
from tests.e2e.faults import sessions
from tests.e2e.faults.oracle import PRICES, differences, expected_marts, published_marts
from tests.e2e.faults.process import Process, start
from tests.e2e.faults.server import FaultServer
from tests.e2e.faults.source_rows import FIRST_DAY, SourceRows
from tests.e2e.faults.striker import Strike

STUCK_S = 120.0
TRIES = 3
ONE_STATE = """
select
    (select count(*) from staging.published_events),
    (select coalesce(sum(consumed_quantity), 0)::bigint from marts.fct_usage_cost_daily
     where token_type = 'request'),
    (select coalesce(sum(request_count), 0)::bigint from marts.fct_usage_by_owner_daily),
    (select coalesce(sum(request_count), 0)::bigint from marts.usage_by_hour),
    (select coalesce(sum(event_count), 0)::bigint from ops.published_days)
"""


@dataclass
class World:
    """A source and a warehouse, with all that a history does to them."""

    server: FaultServer
    warehouse_url: str
    source_url: str
    rng: Random
    days: list[date]
    source: SourceRows
    prices: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(PRICES))
    problems: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    reads: int = 0
    recovery_s: float = 0.0

    @property
    def nights(self) -> int:
        """How many processes worked on this history."""
        return len(self.processes)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the warehouse as its superuser."""
        with sessions.connect(self.warehouse_url) as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[call-overload]

    def begin(self, day: date, strike: Strike | None = None) -> Process:
        """Start the night of a day in a process of its own."""
        window = Window.of_day(day)
        return self.work(
            f"night {day}",
            lambda: pipeline.run_window("supabase", window, trigger="test"),
            strike,
        )

    def resume(self, run_id: str, step: str, strike: Strike | None = None) -> Process:
        """Do a step of a run and those behind it, as a retry of its tasks would."""

        def go_on() -> str:
            for name in pipeline.STEPS[pipeline.STEPS.index(step) :]:
                pipeline.run_step(name, run_id)
            return run_id

        return self.work(f"resume {run_id} at {step}", go_on, strike)

    def work(self, what: str, job: Callable[[], str], strike: Strike | None = None) -> Process:
        """Start any piece of work in a process of its own."""
        self.told.append(f"{what} {strike or ''}".strip())
        process = start(job, strike)
        self.processes.append(process)
        return process

    def finish(self, process: Process) -> dict[str, Any]:
        """Wait for the end of a process, and until the server has noticed it."""
        if process.wait(STUCK_S) != "ended":
            process.kill()
            self.problems.append(f"a process was stuck for {STUCK_S} s: {self.told[-1]}")
        outcome = process.outcome or {}
        self.told.append(f"  -> {outcome.get('error') or outcome.get('run_id') or 'killed'}")
        if not any(p.outcome is None for p in self.processes):
            self._wait_for_silence()
        self.look()
        return outcome

    def advance(self, process: Process, seconds: float = STUCK_S) -> str:
        """Let a process work until it pauses, ends, or waits for a lock of another one."""
        deadline, was_waiting = time.monotonic() + seconds, False
        while time.monotonic() < deadline:
            state = process.wait(0.03)
            if state != "working":
                return state
            is_waiting = bool(
                self.rows(
                    "select 1 from pg_stat_activity where datname = current_database()"
                    " and wait_event_type = 'Lock' limit 1"
                )
            )
            if is_waiting and was_waiting:
                return "waiting"
            was_waiting = is_waiting
        return "working"

    def look(self) -> None:
        """Read as a reader does, in one snapshot, and note a mixture of two states."""
        with sessions.connect(self.warehouse_url) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            row = reader.execute(ONE_STATE).fetchone()  # type: ignore[arg-type]
        self.reads += 1
        if row is None or len(set(row)) != 1:
            self.problems.append(f"a reader saw a mixture of two states: {row}")

    def newest_run(self, day: date) -> tuple[str, str] | None:
        """Return the newest run of a day's window with its status."""
        rows = self.rows(
            "select run_id, status from ops.runs where window_start = %s order by run_no desc",
            Window.of_day(day).start,
        )
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def is_published(self, day: date) -> bool:
        """Return whether a day's window is published."""
        window = Window.of_day(day)
        return bool(self.rows("select 1 from ops.windows where window_start = %s", window.start))

    def converge(self, *, again: bool = False) -> None:
        """Run what is not published yet (or all, `again`) until all of it is."""
        started = time.monotonic()
        for day in self.days:
            for _ in range(TRIES):
                if self.is_published(day) and not again:
                    break
                outcome = self.finish(self.begin(day))
                if not outcome.get("error"):
                    break
                self.told.append(f"  {outcome.get('message')}")
            else:
                self.problems.append(f"{day} does not converge: {outcome.get('trace')}")
        self.recovery_s = max(self.recovery_s, time.monotonic() - started)

    def _wait_for_silence(self) -> None:
        # A backend notices that its client is gone once its statement has ended.
        deadline = time.monotonic() + STUCK_S
        while time.monotonic() < deadline:
            if not self.rows(
                "select 1 from pg_stat_activity where datname = current_database()"
                " and backend_type = 'client backend' and pid <> pg_backend_pid()"
                " and application_name like 'meterr%'"
            ):
                return
            time.sleep(0.01)
        self.problems.append("a killed process left a session behind")


@contextmanager
def new_world(server: FaultServer, seed: int, days: int) -> Iterator[World]:
    """Make a source and a warehouse for one history."""
    rng = Random(seed)
    dates = [FIRST_DAY + timedelta(days=n) for n in range(days)]
    with server.databases() as (warehouse_url, source_url):
        world = World(
            server, warehouse_url, source_url, rng, dates, SourceRows(source_url, rng, dates)
        )
        try:
            yield world
        finally:
            for process in world.processes:
                if process.outcome is None:
                    process.kill()


def play(server: FaultServer, seed: int, kind: str) -> World:
    """Play a whole history with one fault of a kind; what is wrong is in `problems`."""
    from tests.e2e.faults.aftermath import damaged_and_swept  # noqa: PLC0415 - knows worlds
    from tests.e2e.faults.checks import check  # noqa: PLC0415
    from tests.e2e.faults.kinds import KINDS, UNFIT_FOR_LATE_COMMITS  # noqa: PLC0415

    with new_world(server, seed, days=Random(seed).choice([2, 3, 3])) as world:
        rng = world.rng
        for day in world.days:
            world.source.add_events(day, rng.randrange(2, 6))
        order = rng.sample(world.days, len(world.days))
        struck = rng.randrange(len(order))
        for n, day in enumerate(order):
            _change(world, [d for d in order[n:] if not world.is_published(d)])
            others = [d for d in order[n + 1 :] if not world.is_published(d)]
            with ExitStack() as late:
                # The next window's look-back is what picks it up, once this window is published.
                is_next_to_come = day + timedelta(days=1) in others
                if (
                    is_next_to_come
                    and not (n == struck and kind in UNFIT_FOR_LATE_COMMITS)
                    and rng.random() < 0.6
                ):
                    late.enter_context(world.source.late_commit(day))
                    world.told.append(f"late commit into {day}")
                if n == struck:
                    KINDS[kind](world, day, others)
                elif not world.is_published(day):
                    world.finish(world.begin(day))
        world.converge(again=kind in ("price change", "owner change"))
        if kind == "sweep":
            damaged_and_swept(world)
        check(world)
    return world


def _change(world: World, days: list[date]) -> None:
    for _ in range(world.rng.randrange(4) if days else 0):
        day = world.rng.choice(days)
        world.told.append(f"{world.source.change(day)} in {day}")


def judge(world: World) -> list[str]:
    """Return what the marts say otherwise than the source."""
    return differences(
        expected_marts(world.source_url, world.prices), published_marts(world.warehouse_url)
    )
