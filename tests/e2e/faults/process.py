"""Runs a piece of the pipeline in a process of its own that can be stopped at any statement."""

from __future__ import annotations

import gc
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

from meterr_etl import pipeline
from meterr_etl.settings import settings
from tests.e2e.faults import sessions
from tests.e2e.faults.striker import Strike, Striker, hook

IMPORTED_ONCE = (
    "dbt.cli.main", "great_expectations", "genai_prices", "sqlalchemy.dialects.postgresql.psycopg",
    *(f"meterr_etl.steps.{name}" for name in
      ("extract", "publish", "report", "stage", "sweep", "transform")),
)  # fmt: skip
# What a forked process does first, so that nothing of it stays behind in the process that forks.
BEFORE_WORK: list[Callable[[], None]] = []


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
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
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
    # Looking through what the parent imported would copy every page of it.
    gc.disable()
    sessions.forget()
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
