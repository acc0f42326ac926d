"""Contracts as versioned reference data: loaded, listed, as they stood, and what they change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from psycopg import sql

from meterr_etl.contract_rates.exchange import LONGEST_DAYS
from meterr_etl.contract_rates.names import doubts_of
from meterr_etl.contract_rates.terms import Contract, Term, Tier
from meterr_etl.errors import InputError
from meterr_etl.ledger.tenant_files import Held, Loaded, TenantFiles
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

Row = dict[str, object]
HeldContract: TypeAlias = Held[Contract]
CONTRACTS = TenantFiles(
    Contract,
    table="contracts",
    column="terms",
    proposals="proposed_contracts",
    kind="contract",
)


def load_contract(found: Contract) -> Loaded:
    """Make a contract that of its tenant; published days since `changed_from` need re-rating.

    Raises:
        InputError: a term can meet no price line.
    """
    with warehouse("meterr_loader", application_name="meterr contracts load") as connection:
        doubts = doubts_of(connection, found)
        return replace(CONTRACTS.load(connection, found), doubts=doubts)


def list_contracts() -> list[Row]:
    """Return every term in force, and every currency, one row each."""
    with warehouse("meterr_loader", application_name="meterr contracts list") as connection:
        held = CONTRACTS.as_of(connection, None)
    return [
        {"tenant_id": one.content.tenant_id, "contract_version": one.version, **row}
        for one in held
        for row in _rows(one.content)
    ]


def doubts_of_contract(found: Contract) -> tuple[str, ...]:
    """Return, in sentences, which names of a contract no event has said so far.

    Raises:
        InputError: a term can meet no price line.
    """
    with warehouse("meterr_loader", application_name="meterr contracts check") as connection:
        return doubts_of(connection, found)


def propose_contract(run_id: str, found: Contract) -> None:
    """Let a what-if price by this contract in place of its tenant's.

    Raises:
        InputError: a term can meet no price line, or no exchange rate into a currency holds on a
            day that is billed in it.
    """
    with warehouse("meterr_loader", application_name="meterr contracts preview") as connection:
        doubts_of(connection, found)
        _require_exchange_rates(connection, run_id, found)
        CONTRACTS.propose(connection, run_id, found)


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


def days_to_recontract(
    connection: Connection, first: date, last: date, tenant_id: str | None = None
) -> list[date]:
    """Return the published days whose contracts or exchange rates changed since.

    An exchange rate counts where a published price was exchanged by it, or had to be.
    """
    exchanged = connection.execute(
        statement(
            "meterr_etl.contract_rates",
            "exchanged_days",
            first=sql.Literal(first),
            last=sql.Literal(last),
            tenant_id=sql.Literal(tenant_id),
            longest_days=sql.Literal(LONGEST_DAYS),
        )
    ).fetchall()
    return [
        *CONTRACTS.changed_days(connection, first, last, tenant_id),
        *(row[0] for row in exchanged if isinstance(row[0], date)),
    ]


def _rows(contract: Contract) -> Iterator[Row]:
    for term in contract.terms:
        yield {
            "term": term.name,
            "scope": ", ".join(part for part in term.scope if part) or "all",
            "price": _price(term) if term.unit_price is None else f"{_price(term)} {term.currency}",
            "tiers": ", ".join(f"{_price(tier)} above {tier.above:f}" for tier in term.tiers),
            "valid_from": term.valid_from,
            "valid_to": term.valid_to,
        }
    for one in contract.billed_in:
        yield {
            "term": None,
            "scope": "all",
            "price": f"billed in {one.currency}",
            "tiers": "",
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }


def _price(priced: Term | Tier) -> str:
    if priced.unit_price is None:
        return f"-{priced.percent_off} %"
    return f"{priced.unit_price:f}"
