"""Exchange rates as dated, versioned reference data: loaded from a reviewed file, and listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from psycopg.rows import dict_row
from pydantic import BaseModel, ConfigDict, Field, model_validator

from meterr_etl.contract_rates.terms import CURRENCY
from meterr_etl.ledger.changes import lock_changes, open_change
from meterr_etl.reviewed_files import Fault, read_reviewed
from meterr_etl.warehouse.connection import Connection, warehouse

Row = dict[str, object]
# A rate holds until the next of its pair, but no longer than this: a forgotten month must show.
LONGEST_DAYS = 31


class ExchangeRate(BaseModel):
    """What one unit of a currency is worth in another, from a day on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_currency: str = Field(pattern=CURRENCY)
    to_currency: str = Field(pattern=CURRENCY)
    valid_from: date
    rate: Decimal = Field(gt=0)

    @model_validator(mode="after")
    def _is_of_two_currencies(self) -> ExchangeRate:
        if self.from_currency == self.to_currency:
            raise ValueError("from_currency and to_currency must differ")
        return self

    @property
    def key(self) -> tuple[str, str, date]:
        """What there may be one rate of."""
        return self.from_currency, self.to_currency, self.valid_from


class ExchangeRates(BaseModel):
    """The rates of one file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exchange_rates: tuple[ExchangeRate, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Loaded:
    """What loading a file came to; `reference_version` is None where nothing changed."""

    reference_version: int | None
    added: int
    replaced: int


def read_exchange_rates(path: Path) -> ExchangeRates:
    """Return the exchange rates of a YAML file.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    return read_reviewed(path, ExchangeRates, what="exchange rates", faults=_faults)


def load_exchange_rates(found: ExchangeRates) -> Loaded:
    """Add the rates of a file to those that hold; another rate of the same day replaces it.

    Rates that the file does not name stay.
    """
    with warehouse("meterr_loader", application_name="meterr exchange-rates load") as connection:
        lock_changes(connection)
        held = {rate.key: rate for rate in _held(connection)}
        new = [rate for rate in found.exchange_rates if held.get(rate.key) != rate]
        if not new:
            return Loaded(None, 0, 0)
        version = open_change(connection, "exchange_rates", {"rates": len(new)})
        with connection.cursor() as cursor:
            cursor.executemany(
                "update reference.exchange_rates set retired_by = %s where retired_by is null"
                " and (from_currency, to_currency, valid_from) = (%s, %s, %s)",
                [(version, *rate.key) for rate in new],
            )
            cursor.executemany(
                "insert into reference.exchange_rates"
                " (from_currency, to_currency, valid_from, rate, reference_version)"
                " values (%s, %s, %s, %s, %s)",
                [(*rate.key, rate.rate, version) for rate in new],
            )
    return Loaded(version, len(new), sum(rate.key in held for rate in new))


def list_exchange_rates() -> list[Row]:
    """Return every exchange rate in force."""
    with warehouse("meterr_loader", application_name="meterr exchange-rates list") as connection:
        return [rate.model_dump() for rate in _held(connection)]


def _held(connection: Connection) -> list[ExchangeRate]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select from_currency, to_currency, valid_from, rate from reference.exchange_rates"
            " where retired_by is null order by 1, 2, 3"
        ).fetchall()
    return [ExchangeRate.model_validate(row) for row in rows]


def _faults(found: ExchangeRates) -> Iterator[Fault]:
    keys = [rate.key for rate in found.exchange_rates]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            yield Fault(
                ("exchange_rates", place),
                f"Two rates from {key[0]} to {key[1]} hold from {key[2]}.",
                "Leave one out.",
            )
