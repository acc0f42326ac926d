"""Which published days were priced by rates that no longer hold, and what changed of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import sql
from psycopg.rows import class_row

from meterr_etl.pricing.book import RateBook, load_rate_book
from meterr_etl.pricing.resolve import UsedSku, write_sku_rate_keys
from meterr_etl.pricing.units import EXTRA_TOKEN_TYPES, PER_TOKEN
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

KEYS = sql.Identifier("stale_rate_keys")


@dataclass(frozen=True)
class StaleRate:
    """A rate with which a day was published, and the one that holds for the same usage now.

    Prices are per single unit; None on either side means unpriced.
    """

    charge_date: date
    sku_key: int
    provider: str
    model: str
    model_now: str
    token_type: str
    rate_id: str | None
    list_unit_price: Decimal | None
    rate_id_now: str | None
    list_unit_price_now: Decimal | None


def stale_rates(
    connection: Connection, first: date, last: date, reference_version: int
) -> list[StaleRate]:
    """Return every rate of the published days that differs at a reference version.

    A day without any needs no re-rating: all that its usage meets is as it was.
    """
    book = load_rate_book(connection, reference_version)
    _write_keys(connection, first, last, book)
    query = statement(
        "meterr_etl.pricing",
        "stale_rates",
        first=sql.Literal(first),
        last=sql.Literal(last),
        reference_version=sql.Literal(reference_version),
        sku_rate_keys=KEYS,
        unit_bases=unit_bases(),
        per_token=sql.Literal(sorted(PER_TOKEN)),
    )
    with connection.cursor(row_factory=class_row(StaleRate)) as cursor:
        return cursor.execute(query).fetchall()


def unit_bases() -> sql.Composable:
    """Return the rows (unit, what it is charged as without a rate of its own) of a `values`."""
    return sql.SQL(", ").join(
        sql.SQL("({}::text, {}::text)").format(sql.Literal(name), sql.Literal(base))
        for name, base in EXTRA_TOKEN_TYPES.items()
        if base
    )


def _write_keys(connection: Connection, first: date, last: date, book: RateBook) -> None:
    with connection.cursor(row_factory=class_row(UsedSku)) as cursor:
        skus = cursor.execute(
            "select sku_key, provider, model, service_tier, processing_mode, region"
            " from staging.skus where sku_key in (select f.sku_key"
            " from marts.fct_sku_rates_daily as f where f.charge_date between %s and %s)",
            (first, last),
        ).fetchall()
    connection.execute(sql.SQL("drop table if exists {}").format(KEYS))
    write_sku_rate_keys(connection, KEYS, skus, book)
