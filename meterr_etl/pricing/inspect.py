"""Answers a person about the rate book: which rate holds and why, and what another would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import sql

from meterr_etl.errors import InputError
from meterr_etl.ledger.changes import latest_version
from meterr_etl.pricing.book import load_rate_book
from meterr_etl.pricing.catalogue import CATALOGUE, catalogue_rates, catalogue_version
from meterr_etl.pricing.names import find_provider, suggest_alias
from meterr_etl.pricing.resolve import Call, rate_key, resolve_name
from meterr_etl.pricing.stale import stale_rates
from meterr_etl.pricing.sync import apply_rates
from meterr_etl.pricing.units import PER_TOKEN
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.pricing"
Row = dict[str, object]


@dataclass(frozen=True)
class ShownRates:
    """Where a call's rates were found, in words, and the rates that hold on a date."""

    why: str
    rates: tuple[Row, ...]


@dataclass(frozen=True)
class CatalogueDiff:
    """The rates that differ, and the published days whose cost would move."""

    rates: tuple[Row, ...]
    days: tuple[date, ...]


def show_rates(call: Call, at: date) -> ShownRates:
    """Return the rates that a call on a date meets.

    Raises:
        InputError: nothing is priced for such a call; the reason is said.
    """
    with warehouse("meterr_loader", application_name="meterr prices show") as connection:
        version = latest_version(connection)
        book = load_rate_book(connection, version)
        key = rate_key(call, book)
        named = resolve_name(call, book)
        if key.unpriceable_reason or named is None:
            raise _unpriced(call, key.unpriceable_reason or "no_rate")
        rows = _rows(
            connection,
            statement(
                SQL_PACKAGE,
                "shown_rates",
                provider_id=sql.Literal(key.provider_id),
                model_id=sql.Literal(key.model_id),
                processing_mode=sql.Literal(call.processing_mode),
                service_tier=sql.Literal(key.rate_service_tier),
                multiplier=sql.Literal(key.region_multiplier or Decimal(1)),
                per_token=sql.Literal(sorted(PER_TOKEN)),
                at=sql.Literal(at),
                reference_version=sql.Literal(version),
            ),
        )
    found_by = (
        "by an alias"
        if (call.provider, call.model) in book.aliases
        else "by the catalogue's match rules"
    )
    sold = "" if named.sold_by == named.provider_id else f", sold by {named.sold_by}"
    uplift = (
        f"; the region's tokens cost {key.region_multiplier} times" if key.region_multiplier else ""
    )
    why = (
        f"{call.provider}/{call.model} is {named.provider_id}/{named.model_id} {found_by}{sold}; "
        f"{call.processing_mode} in tier {key.rate_service_tier}{uplift}; reference version "
        f"{version}"
    )
    return ShownRates(why, tuple(rows))


def diff_installed() -> CatalogueDiff:
    """Return what a sync of the installed catalogue would change; nothing is kept."""
    with warehouse("meterr_publisher", application_name="meterr prices diff") as connection:
        connection.execute("set local role meterr_loader")
        version, _, _ = apply_rates(connection, catalogue_rates())
        if version is None:
            return CatalogueDiff((), ())
        connection.execute("set local role meterr_publisher")
        found = _diff(connection, version - 1, version)
        connection.rollback()
    return found


def diff_versions(old: str, new: str) -> CatalogueDiff:
    """Return what changed between two catalogue versions that were synced.

    Raises:
        InputError: one of them never was.
    """
    with warehouse("meterr_publisher", application_name="meterr prices diff") as connection:
        return _diff(
            connection, version_of_catalogue(connection, old), version_of_catalogue(connection, new)
        )


def version_of_catalogue(connection: Connection, catalogue: str) -> int:
    """Return the reference version at which a catalogue version was synced last.

    Raises:
        InputError: it never was.
    """
    rows = connection.execute(
        "select detail ->> 'catalogue_version', max(reference_version) from reference.changes"
        " where kind = 'rates' group by 1 order by 2"
    ).fetchall()
    versions = {str(name): int(str(number)) for name, number in rows if name}
    if catalogue not in versions:
        raise InputError(
            f"No catalogue of version '{catalogue}' was ever synced.",
            remedy=f"Known are: {', '.join(versions) or 'none'}; "
            f"installed is {CATALOGUE} {catalogue_version()}.",
        )
    return versions[catalogue]


def _diff(connection: Connection, old: int, new: int) -> CatalogueDiff:
    rates = _rows(
        connection,
        statement(
            SQL_PACKAGE, "diff_rates", old_version=sql.Literal(old), new_version=sql.Literal(new)
        ),
    )
    stale = stale_rates(connection, date.min, date.max, new)
    return CatalogueDiff(tuple(rates), tuple(sorted({rate.charge_date for rate in stale})))


def _unpriced(call: Call, reason: str) -> InputError:
    known = find_provider(call.provider)
    suggestion = suggest_alias(call.provider, call.model)
    closest = f"Did you mean {suggestion}? " if suggestion else ""
    return InputError(
        f"{call.provider}/{call.model} has no rate: {reason.replace('_', ' ')}.",
        remedy=f"{closest}`meterr prices alias` mends a name"
        + ("." if known else ", and --provider says who bills."),
    )


def _rows(connection: Connection, query: sql.Composed) -> list[Row]:
    cursor = connection.execute(query)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
