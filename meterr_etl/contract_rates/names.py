"""Judges what a contract's terms name: one that can meet no line is no silent list price."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from meterr_etl.contract_rates.terms import Contract, Term
from meterr_etl.errors import InputError
from meterr_etl.ledger.known_owners import tenant_doubt
from meterr_etl.pricing.known_names import provider_names, service_tier_names
from meterr_etl.pricing.units import EXTRA_TOKEN_TYPES
from meterr_etl.reviewed_files import likely_names
from meterr_etl.warehouse.connection import Connection


class _Rated(NamedTuple):
    """What there was ever a rate of."""

    model: str
    token_type: str
    processing_mode: str


def doubts_of(connection: Connection, found: Contract) -> tuple[str, ...]:
    """Return, in sentences, which names of the file no event has said so far.

    Raises:
        InputError: a term can meet no price line.
    """
    rated = _rated(connection)
    judged = (provider_names(connection), service_tier_names(connection))
    doubts = [tenant_doubt(connection, found.tenant_id)]
    for term in found.terms:
        says = f"The term '{term.name}'"
        _require_rate(term, rated, says)
        for names in judged:
            name = getattr(term, names.kind)
            doubts.append(names.doubt(name, says) if name else None)
    return tuple(doubt for doubt in doubts if doubt)


def _require_rate(term: Term, rated: AbstractSet[_Rated], says: str) -> None:
    # A line without a rate is unpriced, whatever a contract says of it (decision 55).
    _require_listed(term.model, "model", {one.model for one in rated}, says)
    all_types = {one.token_type for one in rated}
    _require_listed(term.token_type, "token_type", _with_parts(all_types), says)
    if term.model is None:
        return
    mode = term.processing_mode
    kind = f"{mode} rate" if mode else "rate"
    priced = {
        one.token_type
        for one in rated
        if one.model == term.model and mode in (None, one.processing_mode)
    }
    if not priced:
        raise InputError(
            f"{says} can't apply: {term.model} has no {kind}.",
            remedy="Leave out its processing_mode, or the term.",
        )
    if term.token_type is not None and term.token_type not in _with_parts(priced):
        raise InputError(
            f"{says} can't apply: {term.model} has no {kind} of token_type '{term.token_type}'.",
            remedy=f"It has rates of {', '.join(sorted(priced))}.",
        )


def _require_listed(name: str | None, kind: str, known: AbstractSet[str], says: str) -> None:
    if name is None or name in known:
        return
    near = likely_names(name, known)
    raise InputError(
        f"{says} names the {kind} '{name}', which is in no rate.",
        remedy=f"Write {' or '.join(near)}." if near else "See `meterr prices show`.",
    )


def _with_parts(priced: AbstractSet[str]) -> AbstractSet[str]:
    """Return token types with those that are charged as one of them where they have no rate."""
    return priced | {part for part, base in EXTRA_TOKEN_TYPES.items() if base in priced}


def _rated(connection: Connection) -> AbstractSet[_Rated]:
    # Retired rates too: a file holds past terms, of models that the catalogue may have dropped.
    rows = connection.execute(
        "select distinct model_id, token_type, processing_mode from reference.rates"
    ).fetchall()
    return {_Rated(*map(str, row)) for row in rows}
