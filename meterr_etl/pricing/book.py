"""The rate book as one reference version has it: terms on offer, aliases, regional uplifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from psycopg import sql
from psycopg.rows import class_row

from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

ModelKey = tuple[str, str]


@dataclass(frozen=True)
class ModelTerms:
    """What reference.rates holds for one model."""

    offered: frozenset[tuple[str, str]]
    context_thresholds: tuple[int, ...] = ()
    times_of_day: tuple[time, ...] = ()
    has_request_fee: bool = False


@dataclass(frozen=True)
class RateBook:
    """What decides where the rates of a call are found.

    `aliases` are keyed by a source's two names, `uplifts` by provider, model and region; `instead`
    is the model that a what-if prices in place of another, by the other's id.
    """

    terms: Mapping[ModelKey, ModelTerms]
    aliases: Mapping[ModelKey, ModelKey] = field(default_factory=dict)
    uplifts: Mapping[tuple[str, str, str], Decimal] = field(default_factory=dict)
    instead: Mapping[str, ModelKey] = field(default_factory=dict)


@dataclass(frozen=True)
class _Offer:
    provider_id: str
    model_id: str
    terms: list[list[str]]
    thresholds: list[int]
    times_of_day: list[time]
    has_request_fee: bool


def load_rate_book(
    connection: Connection,
    reference_version: int,
    instead: Mapping[str, str] | None = None,
    rates_version: int | None = None,
) -> RateBook:
    """Return the rate book as it stood at a reference version.

    `instead` are a what-if's models, each as `provider/model` under the id of the one it replaces;
    with `rates_version` its rates alone are as they stood then.
    """
    as_of = sql.Literal(reference_version if rates_version is None else rates_version)
    with connection.cursor(row_factory=class_row(_Offer)) as cursor:
        cursor.execute(statement("meterr_etl.pricing", "rate_book", as_of=as_of))
        terms = {
            (offer.provider_id, offer.model_id): ModelTerms(
                frozenset((mode, tier) for mode, tier in offer.terms),
                tuple(offer.thresholds),
                tuple(offer.times_of_day),
                offer.has_request_fee,
            )
            for offer in cursor
        }
    aliases = _in_force(
        connection, "provider, model, provider_id, model_id", "model_aliases", reference_version
    )
    uplifts = _in_force(
        connection, "provider_id, model_id, region, multiplier", "region_uplifts", reference_version
    )
    return RateBook(
        terms,
        {(str(row[0]), str(row[1])): (str(row[2]), str(row[3])) for row in aliases},
        {(str(row[0]), str(row[1]), str(row[2])): Decimal(str(row[3])) for row in uplifts},
        {
            old: (new.partition("/")[0], new.partition("/")[2])
            for old, new in (instead or {}).items()
        },
    )


def _in_force(
    connection: Connection, columns: str, table: str, reference_version: int
) -> list[tuple[object, ...]]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns.split(", ")))
    return connection.execute(
        sql.SQL(
            "select {} from {} where reference_version <= {as_of}"
            " and (retired_by is null or retired_by > {as_of})"
        ).format(names, sql.Identifier("reference", table), as_of=sql.Literal(reference_version))
    ).fetchall()
