"""Gives dbt the contracts of the run's tenants, term by term, and the exchange rates that hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from psycopg import sql

from meterr_etl.contract_rates.exchange import LONGEST_DAYS
from meterr_etl.contract_rates.terms import SCOPE
from meterr_etl.contract_rates.versions import CONTRACTS, HeldContract
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.rows import copy_rows
from meterr_etl.warehouse.statements import statement


def create_contracts(connection: Connection, run: Run, schema: str) -> int:
    """Create the contracts that the run prices by; returns how many.

    A tenant's number is its place among those with a contract; 0 is left for the list.
    """
    held = CONTRACTS.of_run(connection, run.run_id, run.reference_version)
    numbered = list(enumerate(held, start=1))
    names = ("contracts", "contract_terms", "contract_currencies", "exchange_rates", "volume_tiers")
    tables = {name: sql.Identifier(schema, name) for name in names}
    connection.execute(
        statement(
            "meterr_etl.steps",
            "transform_contracts",
            reference_version=sql.Literal(run.reference_version),
            longest_days=sql.Literal(LONGEST_DAYS),
            scope=sql.SQL(", ").join(
                sql.SQL("{} text").format(sql.Identifier(name)) for name in SCOPE
            ),
            **tables,
        )
    )
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "contracts": ((key, one.content.tenant_id, one.version) for key, one in numbered),
        "contract_terms": _terms(numbered),
        "volume_tiers": _tiers(held),
        "contract_currencies": (
            (key, part.currency, part.valid_from, part.valid_to)
            for key, one in numbered
            for part in one.content.billed_in
        ),
    }
    for name, content in rows.items():
        copy_rows(connection, tables[name], content)
    return len(held)


def _terms(numbered: Iterable[tuple[int, HeldContract]]) -> Iterator[tuple[object, ...]]:
    for key, one in numbered:
        for place, term in enumerate(one.content.terms):
            yield (
                key, place, term.name, *term.scope, term.percent_off, term.unit_price,
                term.currency if term.unit_price is not None else None,
                term.valid_from, term.valid_to,
            )  # fmt: skip


def _tiers(held: Iterable[HeldContract]) -> Iterator[tuple[object, ...]]:
    for one in held:
        for term in one.content.terms:
            is_price = term.unit_price is not None
            ends = [*(tier.above for tier in term.tiers[1:]), None]
            for tier, up_to in zip(term.tiers, ends, strict=False):
                yield (
                    one.content.tenant_id, term.name, is_price, term.tiers_apply_to == "all",
                    term.currency if is_price else None, tier.above, up_to,
                    *((priced.unit_price if is_price else priced.percent_off)
                      for priced in (term, tier)),
                )  # fmt: skip
