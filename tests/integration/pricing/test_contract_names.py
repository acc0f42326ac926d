"""A contract whose terms can meet no price line is refused: no list price without a word of it."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import pytest

from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import doubts_of_contract, list_contracts, load_contract
from meterr_etl.errors import InputError
from meterr_etl.previews import preview_contract

from .conftest import Meter
from .test_contract_rates import contract
from .test_repricing import DAY, NEXT, published

__all__ = ["published"]

FIXED = {"token_type": "request", "price_per_unit": "0.01"}


def term(**said: object) -> Contract:
    prices = {"percent_off", "price_per_million", "price_per_unit"}
    return contract({"name": "slip", **said, **({} if prices & set(said) else {"percent_off": 5})})


def say(meter: Meter, **changes: object) -> None:
    """Let events have named a kind of call more."""
    said = {
        "sku_key": -1, "provider": "openai", "model": "any", "processing_mode": "sync",
        "accounting_role": "leaf", "is_gateway_cache_hit": False,
    } | changes  # fmt: skip
    with psycopg.connect(meter.warehouse_url) as connection:
        connection.execute(
            f"insert into staging.skus ({', '.join(said)})"
            f" values ({', '.join(['%s'] * len(said))})",
            list(said.values()),
        )


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"provider": "OpenAI"}, "the provider 'OpenAI', which events call openai. Write openai"),
        ({"provider": "opneai"}, "the provider 'opneai', which no event and no rate.* Write opena"),
        ({"provider": "acme"}, "which no event and no rate knows. Known are anthropic,.*openai"),
        ({"service_tier": "Default"}, "the service_tier 'Default', which events call default."),
        ({"service_tier": "Flex"}, "'Flex', which no event and no rate knows. Write flex"),
        ({"service_tier": "gold"}, "Known are default, .*flex, priority.*standard"),
        ({"model": "gpt-4O"}, "the model 'gpt-4O', which is in no rate. Write gpt-4o"),
        ({"token_type": "Output"}, "the token_type 'Output', which is in no rate. Write output"),
        ({"model": "gpt-4o", **FIXED}, "gpt-4o has no rate of token_type 'request'. It has .*out"),
        (
            {"model": "claude-2", "processing_mode": "batch"},
            "claude-2 has no batch rate. Leave out its processing_mode",
        ),
    ],
)
def test_term_that_can_meet_no_line_is_refused_with_what_is_known(
    published: Meter, said: Mapping[str, object], named: str
) -> None:
    with pytest.raises(InputError, match=f"The term 'slip' .*{named}"):
        load_contract(term(**said))
    assert list_contracts() == []
    with pytest.raises(InputError, match=named):
        preview_contract(term(**said), DAY, NEXT, trigger="test")


def test_provider_that_events_name_otherwise_is_refused_with_their_name(published: Meter) -> None:
    (doubt,) = load_contract(term(provider="google")).doubts
    assert "names the provider 'google', which no event has said so far" in doubt
    say(published, provider="vertex_ai")
    with pytest.raises(
        InputError, match=r"'google', which events call vertex_ai\. Write vertex_ai"
    ):
        load_contract(term(provider="google"))
    assert load_contract(term(provider="vertex_ai")).doubts == ()


def test_tenant_that_nobody_has_seen_is_told(published: Meter) -> None:
    (doubt,) = load_contract(term().model_copy(update={"tenant_id": "acmee"})).doubts
    assert doubt == (
        "The file names the tenant 'acmee', which no event and no dimension of the source has named"
        " so far: until one does, it applies to nothing. Did you mean acme?"
    )


def test_what_the_rate_book_knows_and_no_event_has_said_is_loaded_and_told(
    published: Meter,
) -> None:
    found = contract(
        {"name": "claude", "provider": "anthropic", "percent_off": 5},
        {"name": "plain", "service_tier": "standard", "percent_off": 5},
        {"name": "rest", "provider": "openai", "service_tier": "default", "percent_off": 5},
    )
    told = doubts_of_contract(found)
    assert list_contracts() == []
    assert load_contract(found).doubts == told
    so_far = "which no event has said so far: until one does, it applies to nothing. Events say"
    assert told == (
        f"The term 'claude' names the provider 'anthropic', {so_far} openai.",
        f"The term 'plain' names the service_tier 'standard', {so_far} default.",
    )
    say(published, provider="anthropic", service_tier="standard")
    assert doubts_of_contract(found) == ()


def test_part_of_a_priced_unit_can_have_a_price_of_its_own(published: Meter) -> None:
    images = {"token_type": "input_image", "price_per_million": "1"}
    assert load_contract(term(model="gpt-4o", **images)).doubts == ()


def test_new_customer_has_a_contract_before_the_first_event(catalogue: Meter) -> None:
    tenant, provider = load_contract(term(provider="openai", model="gpt-4o")).doubts
    assert "names the tenant 'acme'" in tenant
    assert provider.endswith("Events say none.")
    assert [row["term"] for row in list_contracts()] == ["slip"]
