"""Runs and their steps: opened, adopted by later tasks, closed with what they did."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal, NamedTuple, get_args

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from meterr_etl.errors import BusyError, ConflictError, MeterrError
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.names import RunTables
from meterr_etl.window import Window

logger = logging.getLogger(__name__)

Trigger = Literal["cli", "airflow", "test"]
Kind = Literal["window", "repair", "replay", "reprice", "what_if"]
LOCK_PATIENCE = "1s"
Metrics = dict[str, object]
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_dumps = partial(json.dumps, default=str)


@dataclass(frozen=True)
class Run:
    """One attempt at a window, as the ledger holds it.

    A `repair` reads the events of its window's day anew, a `replay` dead letters of its window;
    neither says that a window was read. A `reprice` rebuilds published days from their events, and
    a `what_if` does so for comparison alone, as if usage had been of the models in `instead`, or
    with the rates of `rates_version`; all other reference data is that of `reference_version`.
    While `is_rebuild_due`, only the publish may build and judge what it publishes.
    """

    run_id: str
    run_no: int
    source: str
    window: Window
    status: str
    read_at: datetime | None
    base_publication_no: int
    reference_version: int
    rates_version: int
    kind: Kind = "window"
    instead: Mapping[str, str] = field(default_factory=dict)
    is_rebuild_due: bool = False

    @property
    def tables(self) -> RunTables:
        """The tables that this run owns."""
        return RunTables(self.run_id, self.source)


class _Attempt(NamedTuple):
    """One attempt at a step, as `ops.run_steps` names it."""

    run_id: str
    step: str
    number: int


def mint_run_id() -> str:
    """Return a new run id: sortable by the clock, unique by chance, legal in a table's name."""
    return f"{datetime.now(UTC):%y%m%d%H%M%S}{secrets.token_hex(3)}"


def open_run(
    source: str,
    window: Window,
    trigger: Trigger,
    reason: str | None = None,
    orchestrator_run_id: str | None = None,
    *,
    kind: Kind = "window",
    instead: Mapping[str, str] | None = None,
    rates_version: int | None = None,
) -> Run:
    """Record a new attempt at a window, and its source if it is new."""
    run_id = mint_run_id()
    what = (run_id, source, window.start, window.end, trigger, reason, orchestrator_run_id)
    with warehouse("meterr_loader") as connection:
        connection.execute(
            "insert into staging.sources (source) values (%s) on conflict do nothing", (source,)
        )
        connection.execute(
            "insert into ops.runs (run_id, source, window_start, window_end, trigger, reason,"
            " orchestrator_run_id, kind, instead, rates_version)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*what, kind, Jsonb(dict(instead or {})), rates_version),
        )
    return load_run(run_id)


def load_run(run_id: str) -> Run:
    """Return a run of the ledger.

    Raises:
        ConflictError: the ledger holds no such run.
    """
    with warehouse("meterr_loader") as connection:
        row = connection.execute(
            "select run_id, run_no, source, window_start, window_end, status, read_at,"
            " coalesce(base_publication_no, 0), coalesce(reference_version, 0), kind, instead,"
            " is_rebuild_due, coalesce(rates_version, reference_version, 0)"
            " from ops.runs where run_id = %s",
            (run_id,),
        ).fetchone()
    if row is None:
        raise ConflictError(
            f"The ledger holds no run '{run_id}'.", remedy="List the runs with `meterr status`."
        )
    start, end = row[3], row[4]
    assert isinstance(start, datetime)  # noqa: S101 - narrows what the ledger's types promise
    assert isinstance(end, datetime)  # noqa: S101
    return Run(
        run_id=str(row[0]),
        run_no=int(str(row[1])),
        source=str(row[2]),
        window=Window(start.astimezone(UTC), end.astimezone(UTC)),
        status=str(row[5]),
        read_at=row[6] if isinstance(row[6], datetime) else None,
        base_publication_no=int(str(row[7])),
        reference_version=int(str(row[8])),
        rates_version=int(str(row[12])),
        kind=_KINDS[str(row[9])],
        instead=row[10] if isinstance(row[10], dict) else {},
        is_rebuild_due=row[11] is True,
    )


def set_rebuild_due(run: Run, *, is_due: bool) -> None:
    """Note whether the publish must build and judge the run before it publishes it."""
    with warehouse("meterr_loader") as connection:
        connection.execute(
            "update ops.runs set is_rebuild_due = %s where run_id = %s", (is_due, run.run_id)
        )


@contextmanager
def recorded_step(run: Run, step: str) -> Iterator[Metrics]:
    """Record one step of a run; the metrics put into the yielded dict go to the ledger.

    Holds the run's session lock meanwhile, so that the same run is never worked on twice and a
    killed process is told from a living one.

    Raises:
        BusyError: another process is at work on this run.
    """
    metrics: Metrics = {}
    started = time.monotonic()
    with warehouse("meterr_loader", autocommit=True, application_name=f"meterr {step}") as ledger:
        _lock_run(ledger, run.run_id)
        attempt = _begin(ledger, run.run_id, step)
        logger.info("%s: started (run %s, window %s)", step, run.run_id, run.window)
        try:
            yield metrics
        except BaseException as error:
            _end(ledger, attempt, metrics, error)
            raise
        metrics["seconds"] = round(time.monotonic() - started, 3)
        _end(ledger, attempt, metrics, None)


def run_lock(run_id: str) -> sql.Composed:
    """Return the SQL expression of the advisory lock key that a working run holds."""
    return sql.SQL("hashtextextended('meterr run ' || {}, 0)").format(sql.Literal(run_id))


def _lock_run(ledger: Connection, run_id: str) -> None:
    # The server lets go of a lock only once it has noticed that its session was closed, so the
    # step before may seem to hold it for another moment; so may a sweep that looks who is alive.
    ledger.execute(sql.SQL("set lock_timeout = {}").format(sql.Literal(LOCK_PATIENCE)))
    try:
        ledger.execute(sql.SQL("select pg_advisory_lock({})").format(run_lock(run_id)))
    except psycopg.errors.LockNotAvailable as error:
        raise BusyError(
            f"Another process is at work on run {run_id}.",
            remedy="Wait for it to end, or stop it, before this step is tried again.",
        ) from error
    ledger.execute("reset lock_timeout")


def _begin(ledger: Connection, run_id: str, step: str) -> _Attempt:
    # A step left 'running' by a killed process did not succeed; the lock proves that it is dead.
    ledger.execute(
        "update ops.run_steps set status = 'failed', finished_at = clock_timestamp(),"
        " error = 'the process was killed' where run_id = %s and status = 'running'",
        (run_id,),
    )
    ledger.execute(
        "update ops.runs set status = 'running', failed_step = null, error = null,"
        " finished_at = null where run_id = %s and status <> 'published'",
        (run_id,),
    )
    row = ledger.execute(
        "insert into ops.run_steps (run_id, step, attempt, status) select %(run)s, %(step)s,"
        " count(*) + 1, 'running' from ops.run_steps where run_id = %(run)s and step = %(step)s"
        " returning attempt",
        {"run": run_id, "step": step},
    ).fetchone()
    return _Attempt(run_id, step, int(str(row[0])) if row else 1)


def _end(
    ledger: Connection, attempt: _Attempt, metrics: Metrics, error: BaseException | None
) -> None:
    message = None if error is None else _sentence(error)
    # The server may be gone: what ended the step must reach the caller, not the ledger's own error.
    with suppress(psycopg.Error) if error else nullcontext():
        _write_end(ledger, attempt, metrics, message)


def _write_end(
    ledger: Connection, attempt: _Attempt, metrics: Metrics, message: str | None
) -> None:
    outcome = ("failed" if message else "succeeded", Jsonb(metrics, dumps=_dumps), message)
    ledger.execute(
        "update ops.run_steps set status = %s, metrics = %s, error = %s,"
        " finished_at = clock_timestamp() where run_id = %s and step = %s and attempt = %s",
        (*outcome, *attempt),
    )
    if message is not None:
        ledger.execute(
            "update ops.runs set status = 'failed', failed_step = %s, error = %s,"
            " finished_at = clock_timestamp() where run_id = %s and status <> 'published'",
            (attempt.step, message, attempt.run_id),
        )


def _sentence(error: BaseException) -> str:
    if isinstance(error, MeterrError):
        return str(error)
    return f"{type(error).__name__}: {error}"[:2000]
