"""Closes a billing period: freezes its lines and certifies them, in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version

from psycopg import sql

from meterr_etl.billing.periods import (
    SQL_PACKAGE,
    Row,
    find_closed,
    month_parts,
    require_first_open,
    require_over,
    require_published,
    rows_of,
)
from meterr_etl.errors import InvariantError
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import PUBLISH_LOCK
from meterr_etl.warehouse.migrate import schema_revision
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)
# A month's lines are sorted by their hashes in this memory; with less they spill to disk.
WORK_MEM = "128MB"


@dataclass(frozen=True)
class Closing:
    """A closed period as the ledger holds it, and whether it was closed before."""

    period: Row
    was_closed: bool


def close_period(month: date, now: datetime) -> Closing:
    """Freeze the lines of a billing period with a certificate, once; a second call does nothing.

    The period bills its own usage, and what differs by now from what closed periods billed.

    Args:
        month: first day of the period.
        now: the moment by which it must be over.

    Raises:
        InputError: the period is not over.
        ConflictError: an earlier one is open, or a window or day of it is not published.
        InvariantError: its lines do not add up to what is published.
    """
    require_over(month, now)
    revision = schema_revision()
    with warehouse(
        "meterr_publisher", autocommit=True, application_name="meterr period close"
    ) as guard:
        guard.execute(f"select pg_advisory_lock({PUBLISH_LOCK})")
        standing = find_closed(guard, month)
        if standing is not None:
            return Closing(standing, was_closed=True)
        with guard.transaction():
            period = freeze(guard, month, revision)
    logger.info("period: %s is closed with %s lines", f"{month:%Y-%m}", period["line_count"])
    return Closing(period, was_closed=False)


def freeze(guard: Connection, month: date, revision: str) -> Row:
    """Write the lines, days, totals and certificate of the first open period.

    Expects a transaction of meterr_publisher under the publish's lock.

    Raises:
        ConflictError: it is not the first open period, or not wholly published.
        InvariantError: its lines do not add up to what is published.
    """
    require_first_open(guard, month)
    require_published(guard, month)
    parts = month_parts(month)
    guard.execute(sql.SQL("set local work_mem = {}").format(sql.Literal(WORK_MEM)))
    guard.execute(statement(SQL_PACKAGE, "freeze_lines", **parts))
    guard.execute("analyze marts.billed_lines")
    digests = statement(SQL_PACKAGE, "line_digests", **parts)
    guard.execute(statement(SQL_PACKAGE, "freeze_days", line_digests=digests, **parts))
    totals = statement(SQL_PACKAGE, "line_totals", **parts)
    guard.execute(statement(SQL_PACKAGE, "freeze_totals", line_totals=totals))
    _require_sums(guard, month, parts)
    guard.execute(
        statement(
            SQL_PACKAGE,
            "certify",
            days_digest=statement(SQL_PACKAGE, "days_digest", **parts),
            certificate=statement(SQL_PACKAGE, "certificate"),
            meterr_version=sql.Literal(version("meterr-etl")),
            schema_revision=sql.Literal(revision),
            **parts,
        )
    )
    period = find_closed(guard, month)
    assert period is not None  # noqa: S101 - inserted above, in this transaction
    return period


def _require_sums(guard: Connection, month: date, parts: dict[str, sql.Composable]) -> None:
    gaps = rows_of(guard, statement(SQL_PACKAGE, "day_gaps", **parts))
    if gaps:
        gap = gaps[0]
        raise InvariantError(
            f"The billing period {month:%Y-%m} would bill other sums than are published, for "
            f"{len(gaps)} tenants and days: of {gap['tenant_id']} on {gap['charge_date']} "
            f"{gap['billed_cost']:f} {gap['billing_currency']}, published are "
            f"{gap['published_cost']:f}.",
            remedy=f"See `meterr status --day {gap['charge_date']}`, publish that day again, then "
            "close the period; it is open still.",
        )
