"""Finds the catalogue's model for the names that a source uses, by the library's match rules."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from genai_prices.types import ModelInfo, Provider

from meterr_etl.pricing.catalogue import catalogue_models, snapshot

# Spellings that the library does not know, or takes for another provider because they contain its
# name: Azure bills by its own list, and "OpenAI-compatible" says nothing of who bills. Keys are
# lower case with every separator an underscore; LiteLLM's custom_llm_provider and OpenTelemetry's
# gen_ai.provider.name are where they come from.
PROVIDER_ALIASES: dict[str, str | None] = {
    "azure_ai": "azure",
    "azure_ai_inference": "azure",
    "azure_ai_openai": "azure",
    "azure_openai": "azure",
    "azure_text": "azure",
    "custom_openai": None,
    "fireworks_ai": "fireworks",
    "gcp_gen_ai": "google",
    "meta_llama": "meta",
    "openai_compatible": None,
    "openai_like": None,
    "togetherai": "together",
    "x_ai": "x-ai",
    "z_ai": "zai",
}

MIN_LIKENESS = 0.6


@dataclass(frozen=True)
class KnownModel:
    """A model of the catalogue, the provider that lists it and the one that sells it."""

    provider_id: str
    sold_by: str
    model: ModelInfo

    @property
    def is_resold(self) -> bool:
        """Whether a provider sells another's model (Azure one of OpenAI) at the other's price."""
        return self.sold_by != self.provider_id


@lru_cache(maxsize=65_536)
def find_model(provider: str, model: str) -> KnownModel | None:
    """Return the catalogue's model for a source's two names, or None where it knows none."""
    if provider.strip().lower() == "litellm" and "/" in model:
        # A gateway's own name says nothing; the prefix of its model name says who serves it.
        return find_model(*model.split("/", 1))
    sold_by = find_provider(provider)
    if sold_by is None:
        return None
    found = sold_by.find_model(model, all_providers=snapshot().providers)
    if found is None and "/" in model:
        prefix, bare = model.split("/", 1)
        if find_provider(prefix) is sold_by:
            found = sold_by.find_model(bare, all_providers=snapshot().providers)
    if found is None:
        # The catalogue's own id means its model, also where its match rules look for other names.
        found = next((known for known in sold_by.models if known.id == model), None)
    if found is None:
        return None
    return KnownModel(_listed_by()[id(found)], sold_by.id, found)


def find_provider(name: str) -> Provider | None:
    """Return the one provider that a source means by a name; None if there is none, or several."""
    lowered = name.strip().lower()
    by_id = {provider.id: provider for provider in snapshot().providers}
    if lowered in by_id:
        return by_id[lowered]
    spelling = re.sub(r"[^a-z0-9]+", "_", lowered)
    if spelling in PROVIDER_ALIASES:
        alias = PROVIDER_ALIASES[spelling]
        return by_id[alias] if alias else None
    matches = [
        provider
        for provider in snapshot().providers
        if provider.provider_match and provider.provider_match.is_match(lowered)
    ]
    return matches[0] if len(matches) == 1 else None


def owner_of_model(name: str) -> tuple[str, str]:
    """Return provider and model that a person means by one name, as `provider/model` or alone.

    A name that no provider claims is returned under an empty provider.
    """
    prefix, slash, bare = name.partition("/")
    if slash and find_provider(prefix):
        return prefix, bare
    try:
        seller, _ = snapshot().find_provider_model(name, None, None, None)
    except LookupError:
        return "", name
    return seller.id, name


def suggest_alias(provider: str, model: str) -> str | None:
    """Return the known name closest to an unknown one as `provider_id/model_id`, for a report.

    It is a guess for a person to confirm; nothing is ever priced by it.
    """
    sold_by = find_provider(provider)
    bare = model.lower().rsplit("/", 1)[-1]
    if sold_by is None:
        try:
            seller, found = snapshot().find_provider_model(bare, None, None, None)
        except LookupError:
            pass
        else:
            return f"{seller.id}/{found.id}"
    names = {
        f"{provider_id}/{known.id}": known.id.lower().rsplit("/", 1)[-1]
        for provider_id, known in catalogue_models()
        if sold_by is None or provider_id == sold_by.id
    }
    closest = difflib.get_close_matches(bare, names.values(), n=1, cutoff=MIN_LIKENESS)
    return next((name for name, short in names.items() if short in closest), None)


@cache
def _listed_by() -> dict[int, str]:
    return {id(model): provider_id for provider_id, model in catalogue_models()}
