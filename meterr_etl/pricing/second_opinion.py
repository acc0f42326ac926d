"""LiteLLM's price map beside the catalogue: where two public sources disagree on a list price."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from meterr_etl.errors import InputError
from meterr_etl.pricing.catalogue import catalogue_rates
from meterr_etl.pricing.names import find_model
from meterr_etl.pricing.rate import BATCH, MIDNIGHT, STANDARD_TIER, SYNC

# Only what both state for the same thing: the base tier's prices per token, and a batch's.
COMPARED = {
    "input_cost_per_token": ("uncached_input", SYNC),
    "output_cost_per_token": ("output", SYNC),
    "cache_read_input_token_cost": ("cache_read", SYNC),
    "cache_creation_input_token_cost": ("cache_write", SYNC),
    "cache_creation_input_token_cost_above_1hr": ("cache_write_1h", SYNC),
    "input_cost_per_audio_token": ("input_audio", SYNC),
    "output_cost_per_audio_token": ("output_audio", SYNC),
    "input_cost_per_token_batches": ("uncached_input", BATCH),
    "output_cost_per_token_batches": ("output", BATCH),
}
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Disagreement:
    """Two prices per single unit for the same thing; the catalogue's is the one that bills."""

    provider_id: str
    model_id: str
    token_type: str
    processing_mode: str
    their_name: str
    unit_price: Decimal
    their_unit_price: Decimal


@dataclass(frozen=True)
class SecondOpinion:
    """How many prices were found in both sources, and those that differ."""

    compared: int
    disagreements: tuple[Disagreement, ...]


def second_opinion(path: Path, at: date) -> SecondOpinion:
    """Compare LiteLLM's map (JSON, gzipped or not) with the installed catalogue on a date.

    Raises:
        InputError: the file can't be read as such a map.
    """
    ours = {
        (rate.provider_id, rate.model_id, rate.token_type, rate.processing_mode): rate.unit_price
        for rate in catalogue_rates()
        if rate.service_tier == STANDARD_TIER
        and (rate.context_above_tokens, rate.time_of_day_from) == (0, MIDNIGHT)
        and rate.valid_from <= at
        and (rate.valid_to is None or at < rate.valid_to)
    }
    compared = 0
    found = []
    for name, key, theirs in _stated(_read(path)):
        if key in ours:
            compared += 1
            if ours[key] != theirs:
                found.append(Disagreement(*key, name, ours[key], theirs))
    return SecondOpinion(compared, tuple(sorted(found, key=lambda d: (d.provider_id, d.model_id))))


def _stated(prices: Mapping[str, Any]) -> Iterator[tuple[str, Key, Decimal]]:
    for name, entry in prices.items():
        provider = entry.get("litellm_provider") if isinstance(entry, Mapping) else None
        known = find_model(str(provider), name) if provider else None
        # Another's model that is resold has a price of its own in their map, and none in ours.
        if known is None or known.is_resold:
            continue
        for field, (token_type, mode) in COMPARED.items():
            if isinstance(entry.get(field), Decimal | int):
                key = (known.provider_id, known.model.id, token_type, mode)
                yield name, key, Decimal(entry[field])


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = path.read_bytes()
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        prices = json.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} can't be read as LiteLLM's price map: {error}.",
            remedy="Give model_prices_and_context_window.json, gzipped or not.",
        ) from error
    if not isinstance(prices, Mapping):
        raise InputError(f"{path} holds no map of models.", remedy="Give LiteLLM's own file.")
    return prices
