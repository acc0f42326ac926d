"""What a month decides is settled on its last day: which last days are to be built anew, and when.

What the tiers of a contract make of a month's volume, and what a commitment pays of its usage, is
price lines of its last day; what a pool by month holds is borne on its last day. Whatever changes a
day changes these, and so affects the last days that it counts for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeAlias

from meterr_etl.allocation.rules import Rule
from meterr_etl.allocation.versions import RULES, HeldRules
from meterr_etl.charges.charge import Charge, TenantCharges
from meterr_etl.charges.versions import CHARGES
from meterr_etl.contract_rates.terms import Term
from meterr_etl.contract_rates.versions import CONTRACTS, HeldContract
from meterr_etl.ledger.changes import latest_version
from meterr_etl.ledger.runs import Run
from meterr_etl.ledger.tenant_files import Held
from meterr_etl.warehouse.connection import Connection
from meterr_etl.window import every_day_of_month

# A term with tiers and a rule by month are settled month by month; a commitment goes on.
Settled: TypeAlias = Term | Rule | Charge


def record_settlement_days(connection: Connection, run: Run) -> None:
    """Add to a run's affected days the published last days that what it changes is settled on."""
    connection.execute(
        "insert into ops.run_days (run_id, event_date, base_version, cause)"
        " select %s, d.event_date, d.version, 'month' from ops.published_days as d"
        " where d.event_date = any (%s)",
        (run.run_id, missing_settlement_days(connection, run)),
    )


def missing_settlement_days(connection: Connection, run: Run) -> list[date]:
    """Return the published last days that the run should build anew, and does not."""
    settled = _settled(connection, run)
    if not settled:
        return []
    affected = _run_days(connection, run)
    published = _dates(connection, "select event_date from ops.published_days")
    return counted_for(settled, affected, {day for day in published if is_last_of_month(day)})


def overtaken_settlements(connection: Connection, run: Run) -> list[date]:
    """Return the last days of the run for which a day counts that was published since it looked."""
    settled = _settled(connection, run)
    if not settled:
        return []
    affected = _run_days(connection, run)
    moved = _dates(
        connection,
        "select d.event_date from ops.published_days as d inner join ops.runs as r"
        " on d.publication_no > r.base_publication_no where r.run_id = %s",
        run.run_id,
    )
    last_days = {day for day in affected if is_last_of_month(day)}
    return counted_for(settled, moved - affected, last_days)


def other_days_of_settled_months(connection: Connection, run: Run) -> list[date]:
    """Return the days of months whose last day the run builds that it does not build itself."""
    affected = _run_days(connection, run)
    months = {day.replace(day=1) for day in affected if is_last_of_month(day)}
    return sorted({day for month in months for day in every_day_of_month(month)} - affected)


def settled_by_tenant(connection: Connection) -> dict[str, list[Settled]]:
    """Return what holds and is settled by months, of each tenant that has such."""
    found = _by_months(
        CONTRACTS.as_of(connection, None),
        RULES.as_of(connection, None),
        CHARGES.as_of(connection, None),
    )
    by_tenant: dict[str, list[Settled]] = {}
    for tenant_id, one in found:
        by_tenant.setdefault(tenant_id, []).append(one)
    return by_tenant


def counted_for(settled: Iterable[Settled], changed: set[date], last_days: set[date]) -> list[date]:
    """Return the last days beside the changed days that one of these counts for."""
    found = {
        last
        for one in settled
        for last in last_days - changed
        if any(counts_for(one, day, last) for day in changed)
    }
    return sorted(found)


def counts_for(settled: Settled, day: date, last: date) -> bool:
    """Whether what happened on a day is settled on this last day."""
    if isinstance(settled, Charge):
        return settled.valid_from <= day <= last < settled.ends_before
    # Whatever holds on some day of the month is settled in it.
    return (
        day.replace(day=1) == last.replace(day=1)
        and settled.valid_from <= last
        and (settled.valid_to or date.max) > last.replace(day=1)
    )


def is_last_of_month(day: date) -> bool:
    """Whether a day ends its month."""
    return (day + timedelta(days=1)).day == 1


def _settled(connection: Connection, run: Run) -> list[Settled]:
    version = latest_version(connection)
    found = _by_months(
        CONTRACTS.of_run(connection, run.run_id, version),
        RULES.of_run(connection, run.run_id, version),
        CHARGES.of_run(connection, run.run_id, version),
    )
    return [one for _, one in found]


def _by_months(
    contracts: list[HeldContract], rules: list[HeldRules], charges: list[Held[TenantCharges]]
) -> list[tuple[str, Settled]]:
    held: list[tuple[str, Iterable[Settled]]] = [
        *((one.content.tenant_id, (t for t in one.content.terms if t.tiers)) for one in contracts),
        *(
            (one.content.tenant_id, (r for r in one.content.rules if r.period == "month"))
            for one in rules
        ),
        *((one.content.tenant_id, one.content.commitments) for one in charges),
    ]
    return [(tenant_id, one) for tenant_id, found in held for one in found]


def _run_days(connection: Connection, run: Run) -> set[date]:
    return _dates(connection, "select event_date from ops.run_days where run_id = %s", run.run_id)


def _dates(connection: Connection, query: str, *values: object) -> set[date]:
    rows = connection.execute(query, values).fetchall()
    return {row[0] for row in rows if isinstance(row[0], date)}
