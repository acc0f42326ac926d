"""Resolves the kinds of call of a run to the keys of their rates, once per distinct name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psycopg import sql
from psycopg.rows import class_row

from meterr_etl.pricing.expansion import has_time_of_day_prices
from meterr_etl.pricing.names import KnownModel, find_model, find_provider
from meterr_etl.pricing.rate import BATCH, STANDARD_TIER, SYNC
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)

STANDARD_TIER_NAMES = frozenset({"", "auto", "default", STANDARD_TIER})

# First parties charge a tenth more in a chosen region and the catalogue has no price for that
# (pydantic/genai-prices#429); OpenRouter's EU route costs more too, and no event names the route.
REGION_CHANGES_PRICE = frozenset({"anthropic", "openai", "openrouter"})
EVERYWHERE = frozenset({"", "default", "global", "not_available"})


class Call(NamedTuple):
    """What of an event decides its rates, as the source spells it."""

    provider: str
    model: str
    service_tier: str | None
    processing_mode: str
    region: str | None


@dataclass(frozen=True)
class ModelTerms:
    """What reference.rates holds in force for one model."""

    offered: frozenset[tuple[str, str]]
    context_thresholds: tuple[int, ...]


@dataclass(frozen=True)
class _Offer:
    provider_id: str
    model_id: str
    terms: list[list[str]]
    thresholds: list[int]


@dataclass(frozen=True)
class _UsedSku:
    sku_key: int
    provider: str
    model: str
    service_tier: str | None
    processing_mode: str
    region: str | None

    @property
    def call(self) -> Call:
        return Call(self.provider, self.model, self.service_tier, self.processing_mode, self.region)


RateBook = Mapping[tuple[str, str], ModelTerms]


class RateKey(NamedTuple):
    """One row of sku_rate_keys without its sku.

    Both ids are None for a name that the catalogue does not know. Where there is a reason there
    is no tier, so that joining on it can't find a rate.
    """

    provider_id: str | None
    model_id: str | None
    rate_service_tier: str | None
    context_thresholds: list[int] | None
    unpriceable_reason: str | None


def create_sku_rate_keys(connection: Connection, schema: str) -> int:
    """Create `{schema}.sku_rate_keys` for the kinds of call that the affected events name.

    Reads `{schema}.skus`, `{schema}.affected_events` and the rates in force; one row per sku.
    Returns the number of rows.
    """
    parts = {
        name: sql.Identifier(schema, name) for name in ("skus", "affected_events", "sku_rate_keys")
    }
    connection.execute(_sql("create_sku_rate_keys", sku_rate_keys=parts["sku_rate_keys"]))
    book = _rate_book(connection)
    skus = _used_skus(connection, parts["skus"], parts["affected_events"])
    keys = {call: rate_key(call, book) for call in {sku.call for sku in skus}}
    copy = sql.SQL("copy {} from stdin").format(parts["sku_rate_keys"])
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for sku in skus:
            rows.write_row((sku.sku_key, *keys[sku.call]))
    connection.execute(sql.SQL("analyze {}").format(parts["sku_rate_keys"]))
    unpriceable = sum(key.unpriceable_reason is not None for key in keys.values())
    logger.info(
        "%d kinds of call, %d distinct by rate, %d unpriceable", len(skus), len(keys), unpriceable
    )
    return len(skus)


def rate_key(call: Call, book: RateBook) -> RateKey:
    """Return where the rates of a call are found, or why there are none."""
    known = find_model(call.provider, call.model)
    if known is None:
        unknown = "unknown_model" if find_provider(call.provider) else "unknown_provider"
        return RateKey(None, None, None, None, unknown)
    model_id = known.model.id
    terms = book.get((known.provider_id, model_id))
    reason = _refusal(call, known, terms, book)
    if reason or terms is None:
        return RateKey(known.provider_id, model_id, None, None, reason)
    thresholds = list(terms.context_thresholds) or None
    return RateKey(known.provider_id, model_id, _rate_tier(call), thresholds, None)


def _refusal(call: Call, known: KnownModel, terms: ModelTerms | None, book: RateBook) -> str | None:
    if has_time_of_day_prices(known.model):
        return "time_of_day_rates"
    if terms is None:
        return "no_rate"
    if known.sold_by in REGION_CHANGES_PRICE and _spelled(call.region) not in EVERYWHERE:
        return "regional_rate_unknown"
    return _terms_refusal(call, known, terms, book)


def _terms_refusal(call: Call, known: KnownModel, terms: ModelTerms, book: RateBook) -> str | None:
    tier = _rate_tier(call)
    # A seller of another's models has its own batch and tier prices, which the catalogue lacks.
    is_offered = (call.processing_mode, tier) in terms.offered and not known.is_resold
    if (call.processing_mode, tier) == (SYNC, STANDARD_TIER):
        return None if (SYNC, STANDARD_TIER) in terms.offered else "no_rate"
    if call.processing_mode == BATCH:
        if tier != STANDARD_TIER:
            return "batch_with_service_tier"
        return None if is_offered else "no_batch_rate"
    if call.processing_mode != SYNC:
        return "processing_mode_unknown"
    if not any((SYNC, tier) in other.offered for other in book.values()):
        return "service_tier_unknown"
    return None if is_offered else "no_rate_for_service_tier"


def _rate_tier(call: Call) -> str:
    tier = _spelled(call.service_tier)
    # Anthropic answers a batch request with the tier "batch", which says the mode once more.
    is_standard = tier in STANDARD_TIER_NAMES or (call.processing_mode == BATCH == tier)
    return STANDARD_TIER if is_standard else tier


def _spelled(value: str | None) -> str:
    return (value or "").strip().lower()


def _rate_book(connection: Connection) -> RateBook:
    with connection.cursor(row_factory=class_row(_Offer)) as cursor:
        cursor.execute(_sql("rate_book"))
        return {
            (offer.provider_id, offer.model_id): ModelTerms(
                frozenset((mode, tier) for mode, tier in offer.terms), tuple(offer.thresholds)
            )
            for offer in cursor
        }


def _used_skus(
    connection: Connection, skus: sql.Identifier, affected_events: sql.Identifier
) -> list[_UsedSku]:
    with connection.cursor(row_factory=class_row(_UsedSku)) as cursor:
        cursor.execute(_sql("used_skus", skus=skus, affected_events=affected_events))
        return cursor.fetchall()


def _sql(name: str, **parts: sql.Composable) -> sql.Composed:
    return statement("meterr_etl.pricing", name, **parts)
