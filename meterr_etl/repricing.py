"""Re-rates published days: which need it, what it changes, and the run that publishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from meterr_etl.errors import InputError
from meterr_etl.imports import IMPORTED_BY_REBUILDS, import_ahead
from meterr_etl.ledger.runs import Kind, Run, Trigger, load_run, open_run, recorded_step
from meterr_etl.pipeline import run_step
from meterr_etl.pricing.inspect import version_of_catalogue
from meterr_etl.steps.overtaken import affected_days
from meterr_etl.steps.rerate import choose_days, cost_changes
from meterr_etl.steps.stale_days import stale_days, stale_days_beside
from meterr_etl.steps.sweep import discard_tables
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.window import Window


@dataclass(frozen=True)
class Repricing:
    """What a re-rating found and did; `changes` is one row per tenant and currency."""

    run_id: str | None
    days: tuple[date, ...]
    changes: tuple[dict[str, object], ...]
    is_published: bool


def days_to_rerate(first: date, last: date, tenant_id: str | None = None) -> list[date]:
    """Return the published days that meet other rates, contracts, charges or rules by now.

    With a tenant, only days on which this tenant used what changed, or whose contract, charges or
    rules these are. Days outside of the range too, where a last day that is settled anew counts
    them.
    """
    with warehouse("meterr_publisher", application_name="meterr reprice") as connection:
        stale = stale_days(connection, first, last, tenant_id).all
        beside = stale_days_beside(connection, stale, first, last, tenant_id)
    return sorted(stale | beside)


def reprice(
    first: date,
    last: date,
    *,
    trigger: Trigger,
    tenant_id: str | None = None,
    dry_run: bool = False,
    reason: str | None = None,
) -> Repricing:
    """Re-rate exactly the published days that need it, through the gate of the marts.

    A day is rebuilt whole, for all its tenants. A dry run builds and compares, and leaves nothing.

    Raises:
        GateFailedError: the rebuilt days did not pass their gate; what was published stands.
    """
    days = days_to_rerate(first, last, tenant_id)
    if not days:
        return Repricing(None, (), (), is_published=False)
    kind: Kind = "what_if" if dry_run else "reprice"
    return rebuilt(days, kind, trigger=trigger, tenant_id=tenant_id, reason=reason)


def what_if(
    first: date,
    last: date,
    *,
    trigger: Trigger,
    catalogue_version: str | None = None,
    instead: Mapping[str, str] | None = None,
    tenant_id: str | None = None,
) -> Repricing:
    """Return what published days would cost under another catalogue, or other models.

    Args:
        first: first day.
        last: last day, included.
        trigger: who asks.
        catalogue_version: take the rates as they were when this version was synced, and all else
            (contracts, charges, aliases, exchange rates, rules, regional uplifts) as it is now.
        instead: the model that is priced (`provider/model`) by the id of the one that was used.
        tenant_id: show only this tenant.

    Raises:
        InputError: no such version was ever synced, nothing is published in these days, or what is
            settled on them counts days that need re-rating.
    """
    days = published_days(first, last)
    _require_fresh_beside(days, tenant_id)
    return rebuilt(
        days,
        "what_if",
        trigger=trigger,
        tenant_id=tenant_id,
        rates_version=_version_of(catalogue_version) if catalogue_version else None,
        instead=instead,
    )


def in_words(done: Repricing) -> list[str]:
    """Return what a re-rating found and did, a sentence a line, for a log."""
    if not done.days:
        return ["No published day needs re-rating: all rates are as they were."]
    days = ", ".join(map(str, done.days))
    lines = [
        f"{row['tenant_id']}: {row['published_cost']} -> {row['rerated_cost']}"
        f" {row['billing_currency']} ({row['cost_change']:+})"
        for row in done.changes
    ]
    end = "Published" if done.is_published else "Nothing was published"
    return [f"Days: {days}.", *(lines or ["No tenant's cost changes."]), f"{end}."]


def rebuilt(
    days: list[date],
    kind: Kind,
    *,
    trigger: Trigger,
    tenant_id: str | None,
    reason: str | None = None,
    rates_version: int | None = None,
    instead: Mapping[str, str] | None = None,
    propose: Callable[[str], None] | None = None,
    compare: Callable[[Run, str | None], list[dict[str, object]]] = cost_changes,
) -> Repricing:
    """Build published days anew, compare them with what stands, and publish a re-rating.

    Args:
        days: which.
        kind: a what-if leaves nothing behind.
        trigger: who asks.
        tenant_id: compare only this tenant.
        reason: why, for the ledger.
        rates_version: the reference version whose rates are taken; else as they are now.
        instead: the model that is priced by the id of the one that was used.
        propose: gives the run, by its id, what it tries in place of what holds.
        compare: tells what changes.
    """
    import_ahead(IMPORTED_BY_REBUILDS)
    window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end)
    run = open_run(
        _any_source(),
        window,
        trigger,
        reason,
        kind=kind,
        instead=instead,
        rates_version=rates_version,
    )
    choose_days(run, days)
    if propose is not None:
        propose(run.run_id)
    _build(run)
    # Unrecorded, a comparison that fails would leave a run that seems to be at work.
    with recorded_step(run, "compare"):
        changes = tuple(compare(load_run(run.run_id), tenant_id))
    with warehouse("meterr_loader", application_name="meterr reprice") as connection:
        built = tuple(affected_days(connection, run))
    if kind == "what_if":
        _close(run)
    else:
        for step in ("publish", "report"):
            run_step(step, run.run_id)
    return Repricing(run.run_id, built, changes, is_published=kind == "reprice")


def _build(run: Run) -> None:
    for step in ("stage", "transform", "gate_marts"):
        run_step(step, run.run_id)


def published_days(first: date, last: date) -> list[date]:
    """Return the published days from the first to the last, both included.

    Raises:
        InputError: there are none.
    """
    with warehouse("meterr_loader", application_name="meterr reprice") as connection:
        rows = connection.execute(
            "select event_date from ops.published_days where event_date between %s and %s"
            " order by 1",
            (first, last),
        ).fetchall()
    days = [row[0] for row in rows if isinstance(row[0], date)]
    if not days:
        raise InputError(
            f"Nothing is published from {first} to {last}.", remedy="See `meterr status`."
        )
    return days


def _require_fresh_beside(days: list[date], tenant_id: str | None) -> None:
    # They can't be built with it, since a what-if prices all its days by what it asks.
    with warehouse("meterr_publisher", application_name="meterr reprice") as connection:
        stale = sorted(stale_days_beside(connection, days, days[0], days[-1], tenant_id))
    if stale:
        raise InputError(
            f"What is settled on these days counts others that need re-rating, {stale[0]} to"
            f" {stale[-1]}.",
            remedy=f"Run `meterr reprice --from {stale[0]} --to {stale[-1]}` first.",
        )


def _close(run: Run) -> None:
    discard_tables(run.run_id)
    with warehouse("meterr_loader") as connection:
        connection.execute(
            "update ops.runs set status = 'abandoned', finished_at = clock_timestamp(),"
            " error = 'a dry run' where run_id = %s",
            (run.run_id,),
        )


def _any_source() -> str:
    # A run has one source; a re-rating has those of its days, and reads none of them.
    with warehouse("meterr_loader") as connection:
        row = connection.execute(
            "select source from staging.sources order by source_id limit 1"
        ).fetchone()
    return str(row[0]) if row else "supabase"


def _version_of(catalogue_version: str) -> int:
    with warehouse("meterr_loader") as connection:
        return version_of_catalogue(connection, catalogue_version)
