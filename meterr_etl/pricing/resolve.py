"""Resolves the kinds of call of a run to the keys of their rates, once per distinct name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import NamedTuple

from psycopg import sql
from psycopg.rows import class_row

from meterr_etl.pricing.book import ModelTerms, RateBook
from meterr_etl.pricing.names import find_model, find_provider
from meterr_etl.pricing.rate import BATCH, STANDARD_TIER, SYNC
from meterr_etl.pricing.uplifts import ANY_REGION
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

logger = logging.getLogger(__name__)

STANDARD_TIER_NAMES = frozenset({"", "auto", "default", STANDARD_TIER})

# First parties charge a tenth more in a chosen region, as regional_uplifts.toml has it, and the
# catalogue has no price for that; OpenRouter's EU route costs more too. Google's regions do so for
# some models, which the file lists, and change nothing of the others.
REGION_CHANGES_PRICE = frozenset({"anthropic", "openai", "openrouter"})
# Groq bills ten seconds of audio at least, per request: no rate says that.
BILLED_BY_MINIMUM = frozenset({("groq", "whisper-large-v3"), ("groq", "whisper-large-v3-turbo")})
EVERYWHERE = frozenset({"", "default", "global", "not_available"})


class Call(NamedTuple):
    """What of an event decides its rates, as the source spells it."""

    provider: str
    model: str
    service_tier: str | None
    processing_mode: str
    region: str | None


@dataclass(frozen=True)
class UsedSku:
    """One kind of call of published or staged events."""

    sku_key: int
    provider: str
    model: str
    service_tier: str | None
    processing_mode: str
    region: str | None

    @property
    def call(self) -> Call:
        """What of it decides its rates."""
        return Call(self.provider, self.model, self.service_tier, self.processing_mode, self.region)


class RateKey(NamedTuple):
    """One row of sku_rate_keys without its sku.

    Both ids are None for a name that the catalogue does not know. Where there is a reason there
    is no tier, so that joining on it can't find a rate. `region_multiplier` is what the region
    makes of every price of a token; None changes nothing. `has_request_fee` says whether the
    catalogue charges the model's requests on any terms.
    """

    provider_id: str | None
    model_id: str | None
    rate_service_tier: str | None = None
    context_thresholds: list[int] | None = None
    times_of_day: list[time] | None = None
    region_multiplier: Decimal | None = None
    has_request_fee: bool = False
    unpriceable_reason: str | None = None


@dataclass(frozen=True)
class Named:
    """The model of the rate book that a source's two names mean, and who sells it."""

    provider_id: str
    model_id: str
    sold_by: str


def create_sku_rate_keys(connection: Connection, schema: str, book: RateBook) -> int:
    """Create `{schema}.sku_rate_keys` for the kinds of call that the affected events name.

    Reads `{schema}.skus` and `{schema}.affected_events`; one row per sku. Returns their number.
    """
    parts = {name: sql.Identifier(schema, name) for name in ("skus", "affected_events")}
    skus = _used_skus(connection, parts["skus"], parts["affected_events"])
    write_sku_rate_keys(connection, sql.Identifier(schema, "sku_rate_keys"), skus, book)
    return len(skus)


def write_sku_rate_keys(
    connection: Connection, table: sql.Identifier, skus: list[UsedSku], book: RateBook
) -> None:
    """Create a table of the rate keys of these kinds of call under a rate book."""
    persistence = sql.SQL("temporary" if len(table.as_string().split(".")) == 1 else "unlogged")
    connection.execute(_sql("create_sku_rate_keys", sku_rate_keys=table, persistence=persistence))
    keys = {call: rate_key(call, book) for call in {sku.call for sku in skus}}
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} from stdin").format(table)) as rows,
    ):
        for sku in skus:
            rows.write_row((sku.sku_key, *keys[sku.call]))
    connection.execute(sql.SQL("analyze {}").format(table))
    unpriceable = sum(key.unpriceable_reason is not None for key in keys.values())
    logger.info(
        "%d kinds of call, %d distinct by rate, %d unpriceable", len(skus), len(keys), unpriceable
    )


def rate_key(call: Call, book: RateBook) -> RateKey:
    """Return where the rates of a call are found, or why there are none."""
    named = resolve_name(call, book)
    if named is None:
        unknown = "unknown_model" if find_provider(call.provider) else "unknown_provider"
        return RateKey(None, None, unpriceable_reason=unknown)
    terms = book.terms.get((named.provider_id, named.model_id))
    reason = _refusal(call, named, terms, book)
    has_fee = terms is not None and terms.has_request_fee
    if reason or terms is None:
        return RateKey(
            named.provider_id, named.model_id, has_request_fee=has_fee, unpriceable_reason=reason
        )
    return RateKey(
        named.provider_id,
        named.model_id,
        _rate_tier(call),
        list(terms.context_thresholds) or None,
        list(terms.times_of_day) if len(terms.times_of_day) > 1 else None,
        _uplift(call, named, book),
        has_fee,
    )


def resolve_name(call: Call, book: RateBook) -> Named | None:
    """Return the model that a call means: by an alias, else by the library's match rules."""
    alias = book.aliases.get((call.provider, call.model))
    known = None if alias else find_model(call.provider, call.model)
    if alias is None and known is None:
        return None
    model_id = alias[1] if alias else known.model.id if known else ""
    replaced = book.instead.get(model_id) or alias
    if replaced is not None or known is None:
        provider_id, model_id = replaced or ("", "")
        return Named(provider_id, model_id, sold_by=provider_id)
    return Named(known.provider_id, model_id, known.sold_by)


def _refusal(call: Call, named: Named, terms: ModelTerms | None, book: RateBook) -> str | None:
    if terms is None:
        return "no_rate"
    if (named.provider_id, named.model_id) in BILLED_BY_MINIMUM:
        return "minimum_per_request"
    is_regional = named.sold_by in REGION_CHANGES_PRICE
    if is_regional and _spelled(call.region) not in EVERYWHERE and not _uplift(call, named, book):
        return "regional_rate_unknown"
    return _terms_refusal(call, named, terms, book)


def _uplift(call: Call, named: Named, book: RateBook) -> Decimal | None:
    region = _spelled(call.region)
    if region in EVERYWHERE:
        return None
    asked = ((named.sold_by, named.model_id, name) for name in (region, ANY_REGION))
    return next((book.uplifts[key] for key in asked if key in book.uplifts), None)


def _terms_refusal(call: Call, named: Named, terms: ModelTerms, book: RateBook) -> str | None:
    tier = _rate_tier(call)
    # A seller of another's models has its own batch and tier prices, which the catalogue lacks.
    is_offered = (call.processing_mode, tier) in terms.offered and (
        named.sold_by == named.provider_id
    )
    if (call.processing_mode, tier) == (SYNC, STANDARD_TIER):
        return None if (SYNC, STANDARD_TIER) in terms.offered else "no_rate"
    if call.processing_mode == BATCH:
        if tier != STANDARD_TIER:
            return "batch_with_service_tier"
        return None if is_offered else "no_batch_rate"
    if call.processing_mode != SYNC:
        return "processing_mode_unknown"
    if not any((SYNC, tier) in other.offered for other in book.terms.values()):
        return "service_tier_unknown"
    return None if is_offered else "no_rate_for_service_tier"


def _rate_tier(call: Call) -> str:
    tier = _spelled(call.service_tier)
    # Anthropic answers a batch request with the tier "batch", which says the mode once more.
    is_standard = tier in STANDARD_TIER_NAMES or (call.processing_mode == BATCH == tier)
    return STANDARD_TIER if is_standard else tier


def _spelled(value: str | None) -> str:
    return (value or "").strip().lower()


def _used_skus(
    connection: Connection, skus: sql.Identifier, affected_events: sql.Identifier
) -> list[UsedSku]:
    with connection.cursor(row_factory=class_row(UsedSku)) as cursor:
        cursor.execute(_sql("used_skus", skus=skus, affected_events=affected_events))
        return cursor.fetchall()


def _sql(name: str, **parts: sql.Composable) -> sql.Composed:
    return statement("meterr_etl.pricing", name, **parts)
