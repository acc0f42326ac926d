"""The price catalogue: the data of the pinned genai-prices, offline, expanded into dated rates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

from genai_prices.data import providers
from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import ModelInfo

from meterr_etl.pricing.expansion import expand
from meterr_etl.pricing.rate import Rate

CATALOGUE = "genai-prices"

# Models that hear and speak, whose audio costs up to sixteen times their text, and of which the
# catalogue states the text price alone. The library charges their audio as text; here it has no
# rate, so it is unpriced and seen.
AUDIO_PRICE_UNSTATED = frozenset(
    {
        ("openai", "gpt-4o-audio-preview"),
        ("openai", "gpt-4o-mini-audio-preview"),
        ("openrouter", "openai/gpt-audio"),
        ("openrouter", "openai/gpt-audio-mini"),
    }
)


@cache
def catalogue_version() -> str:
    """Return the version of the installed catalogue."""
    return version(CATALOGUE)


@cache
def snapshot() -> DataSnapshot:
    """Return the data that the package bears, whatever UpdatePrices may have fetched since."""
    return DataSnapshot(providers=providers, from_auto_update=False)


def catalogue_models() -> Iterator[tuple[str, ModelInfo]]:
    """Yield every model of the catalogue after the id of the provider that lists it."""
    for provider in snapshot().providers:
        for model in provider.models:
            yield provider.id, model


def catalogue_rates() -> Iterator[Rate]:
    """Yield every rate of the catalogue: 47 providers, tens of thousands of rows."""
    for provider_id, model in catalogue_models():
        yield from model_rates(provider_id, model)


def model_rates(provider_id: str, model: ModelInfo) -> list[Rate]:
    """Return the rates of one model under the provider that lists it."""
    return [
        Rate(
            catalogue=CATALOGUE,
            catalogue_version=catalogue_version(),
            provider_id=provider_id,
            model_id=model.id,
            token_type=price.token_type,
            processing_mode=price.terms.processing_mode,
            service_tier=price.terms.service_tier,
            context_above_tokens=price.context_above_tokens,
            valid_from=price.valid_from,
            valid_to=price.valid_to,
            unit_price=price.unit_price,
            time_of_day_from=price.time_of_day_from,
        )
        for price in expand(model, speaks=(provider_id, model.id) in AUDIO_PRICE_UNSTATED)
    ]
