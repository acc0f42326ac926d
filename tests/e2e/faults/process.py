"""Runs a piece of the pipeline in a process of its own that can be stopped at any statement."""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql

from meterr_etl import pipeline
from meterr_etl.settings import settings

IMPORTED_ONCE = (
    "dbt.cli.main", "great_expectations", "genai_prices", "sqlalchemy.dialects.postgresql.psycopg",
    *(f"meterr_etl.steps.{name}" for name in
      ("extract", "publish", "report", "stage", "sweep", "transform")),
)  # fmt: skip
Moment = Literal["before", "after", "in flight"]
# A connection, and the bytes that are to be sent over it.
Raw = tuple[Any, bytes]
Deed = Literal["kill", "pause", "disk full", "lose answer"]


# What a forked process does first, so that nothing of it stays behind in the process that forks.
BEFORE_WORK: list[Callable[[], None]] = []


@dataclass(frozen=True)
class Strike:
    """What befalls a process, and where: at the n-th statement of a step (its end, if fewer).

    `only_commits` counts commits instead of statements; `since` is a text of the statement from
    which on it counts, itself included.
    """

    deed: Deed
    step: str
    nth: int
    moment: Moment = "before"
    only_commits: bool = False
    since: str = ""


class Striker:
    """Counts the statements of a process and does the deed when its turn has come."""

    def __init__(self, strike: Strike | None, told: int, go: int) -> None:
        self._strike, self._told, self._go = strike, told, go
        self._step, self._seen, self._has_begun = "", 0, False

    def enter(self, step: str) -> None:
        self._step, self._seen = step, 0

    def leave(self) -> None:
        """Strike at the end of a step that had fewer statements."""
        if self._strike and self._strike.step == self._step:
            self._do()

    def around(
        self, do: Callable[[], Any], raw: Callable[[], Raw] | None, *, is_commit: bool = False
    ) -> Any:
        """Do one statement, or what was planned for it."""
        strike = self._strike
        if strike is None or not self._is_turn(strike, raw, is_commit=is_commit):
            return do()
        if strike.moment == "in flight" and raw is not None:
            self._send_and_die(raw)
        if strike.moment == "after":
            done = do()
            self._do()
            return done
        self._do()
        return do()

    def _is_turn(self, strike: Strike, raw: Callable[[], Raw] | None, *, is_commit: bool) -> bool:
        if strike.step != self._step:
            return False
        if strike.since and not self._has_begun:
            self._has_begun = raw is not None and strike.since.encode() in raw()[1]
            if not self._has_begun:
                return False
        if strike.only_commits and not is_commit:
            return False
        self._seen += 1
        return self._seen == strike.nth

    def _do(self) -> None:
        strike, self._strike = self._strike, None
        assert strike is not None
        if strike.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif strike.deed == "pause":
            os.write(self._told, b'{"paused": true}\n')
            os.read(self._go, 1)
        elif strike.deed == "disk full":
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        elif strike.deed == "lose answer":
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    def _send_and_die(self, raw: Callable[[], Raw]) -> None:
        # The server has the statement and nobody is left to hear its answer.
        pgconn, text = raw()
        pgconn.send_query(text)
        while pgconn.flush():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)


def hook(striker: Striker) -> None:
    """Let every statement and commit of this process pass the striker."""
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy
    commit, end = psycopg.Connection.commit, psycopg.Transaction.__exit__

    def executing(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        def raw() -> Raw:
            text = query.as_string(cursor) if isinstance(query, sql.Composable) else query
            return cursor.connection.pgconn, text.encode() if isinstance(text, str) else text

        return striker.around(
            lambda: execute(cursor, query, params, **options), raw if not params else None
        )

    def copying(cursor: Any, *args: Any, **options: Any) -> Any:
        return striker.around(lambda: copy(cursor, *args, **options), None)

    def committing(connection: Any) -> None:
        raw = (lambda: (connection.pgconn, b"commit")) if _is_open(connection) else None
        striker.around(lambda: commit(connection), raw, is_commit=True)

    def ending(transaction: Any, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None:
            return end(transaction, kind, error, trace)
        raw = (transaction.connection.pgconn, b"commit")
        return striker.around(
            lambda: end(transaction, None, None, None), lambda: raw, is_commit=True
        )

    psycopg.Cursor.execute, psycopg.Cursor.copy = executing, copying  # type: ignore[method-assign]
    psycopg.Connection.commit = committing  # type: ignore[method-assign]
    psycopg.Transaction.__exit__ = ending  # type: ignore[method-assign]


def _is_open(connection: Any) -> bool:
    return bool(connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS)


@dataclass
class Process:
    """A forked process at work on the pipeline."""

    pid: int
    _told: int
    _go: int
    _heard: bytes = b""
    outcome: dict[str, Any] | None = None

    def wait(self, seconds: float) -> Literal["paused", "ended", "working"]:
        """Wait until it pauses or ends, at most so long."""
        deadline = time.monotonic() + seconds
        while self.outcome is None:
            if b'"paused"' in self._heard:
                self._heard = b""
                return "paused"
            left = deadline - time.monotonic()
            if left <= 0:
                return "working"
            if select.select([self._told], [], [], left)[0]:
                chunk = os.read(self._told, 65536)
                self._heard += chunk
                if not chunk:
                    self._reap()
        return "ended"

    def go_on(self) -> None:
        """Let a paused process continue."""
        os.write(self._go, b"g")

    def kill(self) -> None:
        """`kill -9`, wherever it is."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait(60)

    def _reap(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        for end in (self._told, self._go):
            os.close(end)
        said = self._heard.decode().strip().splitlines()
        self.outcome = json.loads(said[-1]) if said else {}
        self.outcome["killed"] = os.WIFSIGNALED(status)


def start(job: Callable[[], str], strike: Strike | None = None) -> Process:
    """Fork a process that does the job; its outcome is the returned run, or the error."""
    told, tell = os.pipe()
    listen, go = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        os.close(listen)
        return Process(pid, told, go)
    try:
        os.close(told)
        os.close(go)
        _work(job, Striker(strike, tell, listen), tell)
    finally:
        os._exit(0)


def aside(job: Callable[[], str]) -> str:
    """Do a job in a process of its own and return what it returns.

    dbt leaves threads and locks in a process that ran it, which a forked one would inherit.
    """
    process = start(job)
    while process.wait(600) == "working":
        pass
    outcome = process.outcome or {}
    if "run_id" not in outcome:
        raise RuntimeError(outcome.get("trace", "killed"))
    return str(outcome["run_id"])


def _work(job: Callable[[], str], striker: Striker, tell: int) -> None:
    settings.cache_clear()
    for prepare in BEFORE_WORK:
        prepare()
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for a life's time
    hook(striker)
    _announce_steps(striker)
    try:
        said: dict[str, Any] = {"run_id": job()}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent judges it
        said = {
            "error": type(error).__name__,
            "message": str(error)[:600],
            "trace": traceback.format_exc()[-3000:],
        }
    os.write(tell, (json.dumps(said) + "\n").encode())


def _announce_steps(striker: Striker) -> None:
    extract, run_step = pipeline.extract, pipeline.run_step

    def extracting(*args: Any, **options: Any) -> str:
        striker.enter("extract")
        run_id = extract(*args, **options)
        striker.leave()
        return run_id

    def stepping(step: str, run_id: str) -> Any:
        striker.enter(step)
        metrics = run_step(step, run_id)
        striker.leave()
        return metrics

    pipeline.extract, pipeline.run_step = extracting, stepping  # type: ignore[assignment]


def import_everything() -> None:
    """Import what a night needs once, so that no forked process has to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in IMPORTED_ONCE:
            importlib.import_module(name)
