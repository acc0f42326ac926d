"""Brings reference.rates up to the installed catalogue: appends, retires, edits nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields

from psycopg import sql

from meterr_etl.ledger.changes import lock_changes
from meterr_etl.pricing.catalogue import CATALOGUE, catalogue_rates, catalogue_version
from meterr_etl.pricing.rate import Rate
from meterr_etl.pricing.uplifts import sync_uplifts
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)

RATE_COLUMNS = tuple(field.name for field in fields(Rate))


@dataclass(frozen=True)
class SyncReport:
    """What a sync found and changed; `reference_version` is None when nothing changed."""

    catalogue: str
    catalogue_version: str
    rates: int
    added: int
    retired: int
    reference_version: int | None
    seconds: float


def sync_rates() -> SyncReport:
    """Make the rates in force equal to those of the installed catalogue, in one transaction.

    A second run changes nothing. Readers are never blocked; two syncs at once go one by one.

    Raises:
        WarehouseUnavailableError: the warehouse can't be reached.
    """
    started = time.monotonic()
    rates = list(catalogue_rates())
    with warehouse("meterr_loader", application_name="meterr-prices") as connection:
        lock_changes(connection)
        uplifted = sync_uplifts(connection)
        version, added, retired = apply_rates(connection, rates)
    report = SyncReport(
        catalogue=CATALOGUE,
        catalogue_version=catalogue_version(),
        rates=len(rates),
        added=added,
        retired=retired,
        reference_version=version or uplifted,
        seconds=time.monotonic() - started,
    )
    logger.info(
        "rates of %s %s: %d in force, %d added, %d retired, %.1f s",
        report.catalogue,
        report.catalogue_version,
        report.rates,
        report.added,
        report.retired,
        report.seconds,
    )
    return report


def apply_rates(connection: Connection, rates: Iterable[Rate]) -> tuple[int | None, int, int]:
    """Make the rates in force equal to these; returns the new version, and counts of changes.

    Expects a transaction of meterr_loader that holds `lock_changes`, or one that only asks and is
    rolled back.
    """
    _copy_arriving(connection, rates)
    _run(connection, "sync_compare", catalogue=CATALOGUE)
    found = _run(
        connection,
        "sync_change",
        catalogue=CATALOGUE,
        catalogue_version=catalogue_version(),
    )
    if not found:
        return None, 0, 0
    version, added, retired = (int(str(value)) for value in found[0])
    # Retire first: only one rate of a kind may be in force.
    _run(connection, "sync_retire", reference_version=version)
    _run(connection, "sync_append", reference_version=version)
    return version, added, retired


def _copy_arriving(connection: Connection, rates: Iterable[Rate]) -> None:
    _run(connection, "sync_arrive")
    columns = sql.SQL(", ").join(map(sql.Identifier, ("rate_id", *RATE_COLUMNS)))
    copy = sql.SQL("copy arriving_rates ({}) from stdin").format(columns)
    with connection.cursor() as cursor, cursor.copy(copy) as arriving:
        for rate in rates:
            arriving.write_row([rate.rate_id, *(getattr(rate, name) for name in RATE_COLUMNS)])
    connection.execute("analyze arriving_rates")


def _run(connection: Connection, name: str, **values: object) -> list[tuple[object, ...]]:
    literals = {key: sql.Literal(value) for key, value in values.items()}
    cursor = connection.execute(statement("meterr_etl.pricing", name, **literals))
    return cursor.fetchall() if cursor.description else []
