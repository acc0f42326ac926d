"""Which catalogue model a source's two names mean."""

from __future__ import annotations

import pytest
from genai_prices.data_snapshot import set_custom_snapshot

from meterr_etl.pricing.catalogue import snapshot
from meterr_etl.pricing.names import PROVIDER_ALIASES, find_model, find_provider, suggest_alias


@pytest.mark.parametrize(
    ("spelled", "provider_id"),
    [
        ("openai", "openai"),
        ("OpenAI ", "openai"),
        ("google-vertex", "google"),
        ("vertex_ai", "google"),
        ("gemini", "google"),
        ("gcp.gen_ai", "google"),
        ("bedrock", "aws"),
        ("aws.bedrock", "aws"),
        ("xai", "x-ai"),
        ("x_ai", "x-ai"),
        ("azure", "azure"),
        ("azure_openai", "azure"),
        ("azure.ai.openai", "azure"),
        ("fireworks_ai", "fireworks"),
        ("together_ai", "together"),
    ],
)
def test_a_provider_is_found_however_sources_spell_it(spelled: str, provider_id: str) -> None:
    found = find_provider(spelled)
    assert found is not None
    assert found.id == provider_id


@pytest.mark.parametrize(
    "spelled",
    ["", "my-proxy", "openai_like", "openai-compatible", "custom_openai", "anthropic-bedrock"],
)
def test_a_name_that_could_be_anybody_is_nobody(spelled: str) -> None:
    assert find_provider(spelled) is None


def test_every_alias_leads_to_a_provider_of_the_catalogue() -> None:
    ids = {provider.id for provider in snapshot().providers}
    assert {alias for alias in PROVIDER_ALIASES.values() if alias} <= ids


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929", ("anthropic", "claude-sonnet-4-5")),
        ("openai", "GPT-4o", ("openai", "gpt-4o")),
        ("openai", "openai/gpt-4o", ("openai", "gpt-4o")),
        ("vertex_ai", "vertex_ai/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("litellm", "openai/gpt-4o", ("openai", "gpt-4o")),
    ],
)
def test_a_model_is_found_by_the_librarys_match_rules(
    provider: str, model: str, found: tuple[str, str]
) -> None:
    known = find_model(provider, model)
    assert known is not None
    assert (known.provider_id, known.model.id) == found
    assert not known.is_resold


def test_a_model_that_azure_resells_is_listed_by_its_maker() -> None:
    known = find_model("azure_openai", "gpt-4o")
    assert known is not None
    assert (known.sold_by, known.provider_id, known.is_resold) == ("azure", "openai", True)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-9-imaginary"), ("my-proxy", "gpt-4o"), ("litellm", "gpt-4o"), ("openai", "")],
)
def test_an_unknown_name_is_not_guessed(provider: str, model: str) -> None:
    assert find_model(provider, model) is None


def test_the_prefix_of_another_provider_is_not_cut_off() -> None:
    assert find_model("openai", "azure/gpt-4o") is None


def test_names_do_not_change_when_a_process_has_fetched_newer_prices() -> None:
    set_custom_snapshot(type(snapshot())(providers=[], from_auto_update=True))
    try:
        find_model.cache_clear()
        assert find_model("openai", "gpt-4o") is not None
    finally:
        set_custom_snapshot(None)


@pytest.mark.parametrize(
    ("provider", "model", "suggestion"),
    [
        ("openai", "gpt-4o-2024-99-99", "openai/gpt-4o-"),
        ("my-proxy", "claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "claud-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
    ],
)
def test_the_closest_known_name_is_suggested(provider: str, model: str, suggestion: str) -> None:
    suggested = suggest_alias(provider, model)
    assert suggested is not None
    assert suggested.startswith(suggestion)


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert suggest_alias("openai", "zzzzzzzzzzzz") is None
