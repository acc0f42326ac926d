"""Which published days meet other reference data by now, and which are re-rated with a range.

What is settled on a last day counts other days, so it is only as right as they are: those that
would cost something else by now are built with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from meterr_etl.allocation.rules import Rule
from meterr_etl.allocation.versions import RULES
from meterr_etl.charges.charge import Charge
from meterr_etl.charges.versions import CHARGES
from meterr_etl.contract_rates.versions import days_to_recontract
from meterr_etl.ledger.changes import latest_version
from meterr_etl.pricing.stale import StaleRate, stale_rates
from meterr_etl.steps.settlements import (
    Settled,
    counted_for,
    counts_for,
    is_last_of_month,
    settled_by_tenant,
)
from meterr_etl.warehouse.connection import Connection


@dataclass(frozen=True)
class StaleDays:
    """Published days that meet other reference data by now.

    On the `priced` ones usage costs something else; the others meet other charges or rules alone.
    """

    priced: frozenset[date]
    others: frozenset[date]

    @property
    def all(self) -> frozenset[date]:
        """Every one of them."""
        return self.priced | self.others

    def counted_by(self, settled: Settled) -> frozenset[date]:
        """Return those on which what it counts differs: volume and payment are of usage alone."""
        return self.all if isinstance(settled, Rule) else self.priced


def stale_days(
    connection: Connection, first: date, last: date, tenant_id: str | None = None
) -> StaleDays:
    """Return the stale days of a range; with a tenant, those that are stale for its costs."""
    stale = stale_rates(connection, first, last, latest_version(connection))
    if tenant_id is None:
        rated = {rate.charge_date for rate in stale}
    else:
        rated = _rated_days(connection, stale, [tenant_id]).get(tenant_id, set())
    return _with_files(connection, first, last, tenant_id, rated)


def stale_days_beside(
    connection: Connection, chosen: Collection[date], first: date, last: date, tenant_id: str | None
) -> set[date]:
    """Return the stale days beside the chosen ones that count for what is settled with them.

    That is what the chosen days are settled on, of all tenants since days are built whole, and the
    last days of the range, of the tenant that is asked for.
    """
    settled = settled_by_tenant(connection)
    if not settled:
        return set()
    rows = connection.execute("select event_date from ops.published_days").fetchall()
    lasts = {row[0] for row in rows if isinstance(row[0], date) and is_last_of_month(row[0])}
    stale = _stale_by_tenant(connection, settled, first, chosen)
    asked = {one: settled[one] for one in settled if tenant_id in (None, one)}
    found = set(chosen) | _counted(asked, stale, {day for day in lasts if first <= day <= last})
    every = [one for ones in settled.values() for one in ones]
    # A day that comes in is settled on further last days, and these count further days.
    while True:
        built = found.union(counted_for(every, found, lasts))
        built |= _counted(settled, stale, lasts & built)
        if built == found:
            break
        found = built
    return {day for one in stale.values() for day in one.all & found} - set(chosen)


def _counted(
    settled: Mapping[str, Iterable[Settled]], stale: Mapping[str, StaleDays], lasts: set[date]
) -> set[date]:
    return {
        day
        for tenant_id, ones in settled.items()
        for one in ones
        for day in stale[tenant_id].counted_by(one)
        if any(counts_for(one, day, last) for last in lasts)
    }


def _stale_by_tenant(
    connection: Connection,
    settled: Mapping[str, Iterable[Settled]],
    first: date,
    chosen: Collection[date],
) -> dict[str, StaleDays]:
    ones = [one for found in settled.values() for one in found]
    begun = [one.valid_from for one in ones if isinstance(one, Charge)]
    begin = min(day.replace(day=1) for day in (first, *chosen, *begun))
    stale = stale_rates(connection, begin, date.max, latest_version(connection))
    # Whose usage a rate is of is asked of the events, and of chosen days it does not matter.
    rated = _rated_days(
        connection, [rate for rate in stale if rate.charge_date not in chosen], list(settled)
    )
    return {
        tenant_id: _with_files(connection, begin, date.max, tenant_id, rated.get(tenant_id, set()))
        for tenant_id in settled
    }


def _with_files(
    connection: Connection, first: date, last: date, tenant_id: str | None, rated: set[date]
) -> StaleDays:
    return StaleDays(
        frozenset(rated.union(days_to_recontract(connection, first, last, tenant_id))),
        frozenset(
            [
                *RULES.changed_days(connection, first, last, tenant_id),
                *CHARGES.changed_days(connection, first, last, tenant_id),
            ]
        ),
    )


def _rated_days(
    connection: Connection, stale: list[StaleRate], tenants: list[str]
) -> dict[str, set[date]]:
    if not stale:
        return {}
    rows = connection.execute(
        "select distinct o.tenant_id, e.event_date from staging.token_events as e"
        " inner join staging.owners as o using (owner_key)"
        " inner join unnest(%s::date[], %s::bigint[]) as s (event_date, sku_key)"
        " using (event_date, sku_key) where o.tenant_id = any (%s)",
        ([r.charge_date for r in stale], [r.sku_key for r in stale], tenants),
    ).fetchall()
    found: dict[str, set[date]] = {}
    for tenant_id, day in rows:
        if isinstance(day, date):
            found.setdefault(str(tenant_id), set()).add(day)
    return found
