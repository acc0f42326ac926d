"""The one transaction that makes a run's events and marts real, together (DESIGN §3)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from psycopg import sql

from meterr_etl.errors import BusyError, ConflictError
from meterr_etl.ledger.candidates import require_whole_candidate
from meterr_etl.ledger.runs import Metrics, Run, load_run, set_rebuild_due
from meterr_etl.sources.registry import load_source
from meterr_etl.steps.attach import attach_days
from meterr_etl.steps.months import ChangedDays, derive_months
from meterr_etl.steps.overtaken import affected_days, date_list, hidden_days, overtaken_by
from meterr_etl.steps.publish_marts import publish_mart
from meterr_etl.steps.publish_owners import record_dimensions, record_unresolved_owners
from meterr_etl.steps.restatements import record_restatements
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import (
    PUBLISH_LOCK,
    PublishedMart,
    ensure_day_partitions,
    published_marts,
)
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)
SQL_PACKAGE = "meterr_etl.steps"
MOST_REBUILDS = 2


def publish(run: Run, metrics: Metrics, rebuild: Callable[[Run, Metrics], None]) -> None:
    """Publish the run's batch and candidate, once; a second call does nothing.

    `rebuild` stages, builds and judges the run anew; it is called under the publish's lock if
    another run has moved what this one was built on.

    Raises:
        ConflictError: the run has no candidate, or its marts changed their shape meanwhile.
        GateFailedError: the months as they would stand did not pass their gate, or the rebuilt
            run its own.
    """
    if run.kind == "what_if":
        raise ConflictError(
            f"Run {run.run_id} only asked what if.",
            remedy="Run `meterr reprice` without --dry-run.",
        )
    with _publish_lock() as guard:
        if _is_published(guard, run):
            metrics["outcome"] = "was published already"
            return
        run = _up_to_date(guard, run, metrics, rebuild)
        days = affected_days(guard, run)
        require_whole_candidate(guard, run)
        marts = _marts_to_publish()
        _settle_months(guard, run, days, marts, metrics)
        metrics["partitions"] = attach_days(guard, run, _days_with_events(guard, run, days))
        for mart in marts:
            ensure_day_partitions(guard, mart, days)
        with guard.transaction():
            metrics.update(_publish_all(guard, run, days, marts))
    metrics["outcome"] = "published"
    logger.info("publish: run %s published %s day(s)", run.run_id, len(days))


def _up_to_date(
    guard: Connection, run: Run, metrics: Metrics, rebuild: Callable[[Run, Metrics], None]
) -> Run:
    # Under the lock only reference data can still move: a second rebuild is rare, a third is a
    # loop that somebody should look at.
    for _ in range(MOST_REBUILDS):
        reasons = overtaken_by(guard, run)
        if run.is_rebuild_due and not reasons:
            reasons = ["its build was left to the publish, or was not found good"]
        if not reasons:
            return run
        logger.info("publish: rebuilding run %s: %s", run.run_id, "; ".join(reasons))
        metrics["rebuilt_because"] = reasons
        # A rebuild that fails leaves a candidate which no task after it would judge.
        set_rebuild_due(run, is_due=True)
        rebuild(run, metrics)
        set_rebuild_due(run, is_due=False)
        run = load_run(run.run_id)
    if overtaken_by(guard, run):
        raise BusyError(
            f"What run {run.run_id} builds on moved {MOST_REBUILDS} times while it was rebuilt.",
            remedy="Let the change of reference data end, then clear `publish`.",
        )
    return run


@contextmanager
def _publish_lock() -> Iterator[Connection]:
    with warehouse("meterr_publisher", autocommit=True, application_name="meterr publish") as guard:
        guard.execute(f"select pg_advisory_lock({PUBLISH_LOCK})")
        yield guard


def _is_published(guard: Connection, run: Run) -> bool:
    row = guard.execute(
        "select 1 from ops.publications where run_id = %s", (run.run_id,)
    ).fetchone()
    return row is not None


def _marts_to_publish() -> tuple[PublishedMart, ...]:
    marts = published_marts()
    if not marts:
        raise ConflictError(
            "The warehouse has no marts to publish into.", remedy="Run `meterr migrate` first."
        )
    return marts


def _settle_months(
    guard: Connection,
    run: Run,
    days: list[date],
    marts: tuple[PublishedMart, ...],
    metrics: Metrics,
) -> None:
    from meterr_etl.gates import run_gate  # noqa: PLC0415 - seconds; here only the last gate runs

    new = hidden_days(guard, run)
    changed = ChangedDays(new, [day for day in days if day not in new])
    metrics.update(derive_months(run, changed, marts))
    metrics["gate_months"] = run_gate("months", run.run_id).metrics()


def _days_with_events(guard: Connection, run: Run, days: list[date]) -> list[date]:
    rows = guard.execute(
        sql.SQL("select event_date from {} group by event_date").format(run.tables.batch)
    ).fetchall()
    found = {row[0] for row in rows}
    return [day for day in days if day in found]


def _publish_all(
    guard: Connection, run: Run, days: list[date], marts: tuple[PublishedMart, ...]
) -> Metrics:
    row = guard.execute(
        "insert into ops.publications (run_id) values (%s) returning publication_no", (run.run_id,)
    ).fetchone()
    publication_no = int(str(row[0])) if row else 0
    _note_marked_ids(guard, run, publication_no)
    _publish_members(guard, run)
    _publish_events(guard, run, days)
    restated = record_restatements(guard, run, days, publication_no)
    rows = {mart.name: publish_mart(guard, run, mart, days) for mart in marts}
    _publish_ledger(guard, run, days, publication_no)
    source = load_source(run.source)
    record_dimensions(guard, run, source)
    # A re-rating sees no owner, so what it would note of the unknown ones is nothing.
    unresolved = {} if run.kind == "reprice" else record_unresolved_owners(guard, run, source, days)
    return {
        "mart_rows": rows,
        "restatements": restated,
        "unknown_owners": unresolved,
        "days": [str(day) for day in days],
    }


def _note_marked_ids(guard: Connection, run: Run, publication_no: int) -> None:
    guard.execute(
        statement(
            SQL_PACKAGE,
            "marked_ids",
            publication_no=sql.Literal(publication_no),
            batch=run.tables.batch,
            hidden_days=date_list(hidden_days(guard, run)),
            run_no=sql.Literal(run.run_no),
        )
    )


def _publish_members(guard: Connection, run: Run) -> None:
    for kind in ("owners", "skus", "tag_sets"):
        guard.execute(
            sql.SQL("insert into {} select * from {} on conflict do nothing").format(
                sql.Identifier("staging", kind), getattr(run.tables, kind)
            )
        )


def _publish_events(guard: Connection, run: Run, days: list[date]) -> None:
    guard.execute(
        statement(
            SQL_PACKAGE,
            "publish_events",
            run_id=sql.Literal(run.run_id),
            run_no=sql.Literal(run.run_no),
            days=date_list(days),
            superseded=run.tables.superseded,
        )
    )
    guard.execute(
        sql.SQL("insert into staging.token_events select * from {}").format(run.tables.batch)
    )


def _publish_ledger(guard: Connection, run: Run, days: list[date], publication_no: int) -> None:
    parts = {
        "run_id": sql.Literal(run.run_id),
        "publication_no": sql.Literal(publication_no),
        "reference_version": sql.Literal(run.reference_version),
        "days": date_list(days),
    }
    guard.execute(statement(SQL_PACKAGE, "publish_days", **parts))
    guard.execute(statement(SQL_PACKAGE, "publish_window", **parts))
    guard.execute(
        "update ops.runs set status = 'published', failed_step = null, error = null,"
        " finished_at = clock_timestamp() where run_id = %s",
        (run.run_id,),
    )
