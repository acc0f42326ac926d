"""Contracts as versioned reference data: loaded, listed, as they stood, and what they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from psycopg.types.json import Jsonb

from meterr_etl.contract_rates.exchange import LONGEST_DAYS
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.errors import InputError
from meterr_etl.ledger.changes import open_change
from meterr_etl.warehouse.connection import Connection, warehouse

Row = dict[str, object]
# Where a name that a term is narrowed to must be known, so that a slip of the pen is no silent
# list price.
KNOWN_NAMES = {
    "provider": "select provider_id from reference.rates union select provider from staging.skus",
    "model": "select model_id from reference.rates",
    "token_type": "select token_type from reference.rates",
}


@dataclass(frozen=True)
class HeldContract:
    """One tenant's contract and the reference version that brought it."""

    contract: Contract
    version: int


@dataclass(frozen=True)
class Loaded:
    """What loading a file came to; `reference_version` is None where nothing changed."""

    tenant_id: str
    reference_version: int | None
    changed_from: date | None


def load_contract(found: Contract) -> Loaded:
    """Make a contract that of its tenant; published days since `changed_from` need re-rating.

    Append-only: what held until now is retired, not edited.

    Raises:
        InputError: a term names a provider, model or token type that the rate book does not know.
    """
    with warehouse("meterr_loader", application_name="meterr contracts load") as connection:
        require_known_names(connection, found)
        row = connection.execute(
            "select terms from reference.contracts where tenant_id = %s and retired_by is null",
            (found.tenant_id,),
        ).fetchone()
        former = Contract.model_validate(row[0]) if row else None
        if former == found:
            return Loaded(found.tenant_id, None, None)
        changed_from = found.first_changed_day(former)
        detail = {"tenant_id": found.tenant_id, "changed_from": str(changed_from)}
        version = open_change(connection, "contract", detail)
        connection.execute(
            "update reference.contracts set retired_by = %s"
            " where tenant_id = %s and retired_by is null",
            (version, found.tenant_id),
        )
        connection.execute(
            "insert into reference.contracts (tenant_id, terms, changed_from, reference_version)"
            " values (%s, %s, %s, %s)",
            (found.tenant_id, Jsonb(_as_json(found)), changed_from, version),
        )
    return Loaded(found.tenant_id, version, changed_from)


def list_contracts() -> list[Row]:
    """Return every term in force, and every currency, one row each."""
    with warehouse("meterr_loader", application_name="meterr contracts list") as connection:
        held = contracts_as_of(connection, None)
    return [
        {"tenant_id": one.contract.tenant_id, "contract_version": one.version, **row}
        for one in held
        for row in _rows(one.contract)
    ]


def require_known_names(connection: Connection, found: Contract) -> None:
    """Refuse a contract that names what no price line can be of.

    Raises:
        InputError: a term names a provider, model or token type that the rate book does not know.
    """
    for column, query in KNOWN_NAMES.items():
        known = {str(row[0]) for row in connection.execute(query).fetchall()}
        for term in found.terms:
            name = getattr(term, column)
            if name is not None and name not in known:
                near = [one for one in known if one.lower() == name.lower()]
                near = near or get_close_matches(name, known, n=3, cutoff=0.5)
                raise InputError(
                    f"The term '{term.name}' names the {column} '{name}', which is in no rate.",
                    remedy=f"Write {' or '.join(near)}." if near else "See `meterr prices show`.",
                )


def contracts_as_of(connection: Connection, reference_version: int | None) -> list[HeldContract]:
    """Return the contract of every tenant as it stood at a reference version; None is now."""
    rows = connection.execute(
        "select terms, reference_version from reference.contracts"
        " where (%(as_of)s::bigint is null or reference_version <= %(as_of)s)"
        " and (retired_by is null or retired_by > %(as_of)s) order by tenant_id",
        {"as_of": reference_version},
    ).fetchall()
    return [HeldContract(Contract.model_validate(terms), int(str(no))) for terms, no in rows]


def propose_contract(run_id: str, found: Contract) -> None:
    """Let a what-if price by this contract in place of its tenant's.

    Raises:
        InputError: a term names a provider, model or token type that the rate book does not know,
            or no exchange rate into a currency holds on a day that is billed in it.
    """
    with warehouse("meterr_loader", application_name="meterr contracts preview") as connection:
        require_known_names(connection, found)
        _require_exchange_rates(connection, run_id, found)
        connection.execute(
            "insert into ops.proposed_contracts (run_id, terms) values (%s, %s)",
            (run_id, Jsonb(_as_json(found))),
        )


def _require_exchange_rates(connection: Connection, run_id: str, found: Contract) -> None:
    for one in found.billed_in:
        row = connection.execute(
            "select min(d.event_date) from ops.run_days as d where d.run_id = %(run)s"
            " and d.event_date >= %(first)s and d.event_date < coalesce(%(end)s::date, 'infinity')"
            " and not exists (select from reference.rates as r where r.retired_by is null"
            " and r.currency = %(currency)s) and not exists (select"
            " from reference.exchange_rates as x where x.retired_by is null"
            " and x.to_currency = %(currency)s and x.valid_from <= d.event_date"
            " and d.event_date < x.valid_from + %(longest)s::integer)",
            {
                "run": run_id, "first": one.valid_from, "end": one.valid_to,
                "currency": one.currency, "longest": LONGEST_DAYS,
            },
        ).fetchone()  # fmt: skip
        if row is not None and row[0] is not None:
            raise InputError(
                f"{row[0]} is billed in {one.currency}, and no exchange rate into it holds then.",
                remedy="Load one with `meterr exchange-rates load FILE`; a rate holds until the "
                f"next of its pair, at most {LONGEST_DAYS} days.",
            )


def contracts_of_run(
    connection: Connection, run_id: str, reference_version: int
) -> list[HeldContract]:
    """Return the contracts by which a run prices: those in force, and the one that it tries."""
    held = contracts_as_of(connection, reference_version)
    row = connection.execute(
        "select terms from ops.proposed_contracts where run_id = %s", (run_id,)
    ).fetchone()
    if row is None:
        return held
    proposed = HeldContract(Contract.model_validate(row[0]), reference_version)
    others = [one for one in held if one.contract.tenant_id != proposed.contract.tenant_id]
    return [*others, proposed]


def days_to_recontract(
    connection: Connection, first: date, last: date, tenant_id: str | None = None
) -> list[date]:
    """Return the published days whose contracts or exchange rates changed since.

    An exchange rate counts where a published price was exchanged into its currency, or had to be.
    """
    rows = connection.execute(
        "select d.event_date from ops.published_days as d"
        " where d.event_date between %(first)s and %(last)s and (exists ("
        " select from reference.contracts as c"
        " where c.reference_version > d.reference_version and c.changed_from <= d.event_date"
        " and (%(tenant)s::text is null or c.tenant_id = %(tenant)s)) or exists ("
        " select from reference.exchange_rates as x inner join marts.fct_contract_rates_daily as r"
        " on x.to_currency = r.billing_currency"
        " where greatest(x.reference_version, x.retired_by) > d.reference_version"
        " and d.event_date >= x.valid_from and d.event_date < x.valid_from + %(longest)s::integer"
        " and r.charge_date = d.event_date and r.exchange_rate is distinct from 1"
        " and (%(tenant)s::text is null or r.tenant_id = %(tenant)s)"
        " and not exists (select from reference.exchange_rates as y"
        " where (y.from_currency, y.to_currency) = (x.from_currency, x.to_currency)"
        " and y.valid_from > x.valid_from and y.valid_from <= d.event_date"
        " and y.reference_version <= d.reference_version and y.retired_by is null))) order by 1",
        {"first": first, "last": last, "tenant": tenant_id, "longest": LONGEST_DAYS},
    ).fetchall()
    return [row[0] for row in rows if isinstance(row[0], date)]


def _rows(contract: Contract) -> Iterator[Row]:
    for term in contract.terms:
        yield {
            "term": term.name,
            "scope": ", ".join(part for part in term.scope if part) or "all",
            "price": f"-{term.percent_off} %"
            if term.percent_off is not None
            else f"{term.unit_price:f} {term.currency}",
            "valid_from": term.valid_from,
            "valid_to": term.valid_to,
        }
    for one in contract.billed_in:
        yield {
            "term": None,
            "scope": "all",
            "price": f"billed in {one.currency}",
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }


def _as_json(found: Contract) -> Mapping[str, Any]:
    return found.model_dump(mode="json", exclude_unset=True)
