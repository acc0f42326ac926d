"""The catalogue's units under our names: what each is charged as where it has no price."""

from __future__ import annotations

from collections.abc import Mapping

from genai_prices.data_units import unit_data
from genai_prices.units import UnitDef, UnitRegistry

from meterr_etl.contract.leaves import TOKEN_TYPES

UNITS = UnitRegistry(unit_data)

_RENAMED = {
    "input_tokens": "uncached_input",
    "output_tokens": "output",
    "output_reasoning_tokens": "reasoning",
    "web_searches": "web_search",
    "requests": "request",
}


def token_type_of(usage_key: str) -> str:
    """Return the token type that stands for one of the catalogue's units."""
    return _RENAMED.get(usage_key, usage_key.removesuffix("_tokens"))


UNIT_OF: Mapping[str, UnitDef] = {token_type_of(key): unit for key, unit in UNITS.units.items()}
PER_TOKEN = frozenset(name for name, unit in UNIT_OF.items() if unit.usage_key.endswith("_tokens"))


def _most_specific_first(unit: UnitDef) -> tuple[str, ...]:
    above = [UNITS.units[key] for key in UNITS.ancestor_usage_keys(unit.usage_key)]
    ordered = sorted(above, key=lambda other: (-len(other.dimensions), other.usage_key))
    return (unit.usage_key, *(other.usage_key for other in ordered))


# Token type -> the token types whose price it may bear, most specific first. The library charges
# a unit without a price of its own as part of the unit that contains it: a cached token as input,
# a cache write by TTL as a cache write, reasoning as output, an image as text. Where several
# contain it, the catalogue must price what they share (`validate_model_price`), so that the
# first that has a price is the only one that charges.
CHARGED_AS: Mapping[str, tuple[str, ...]] = {
    token_type: tuple(token_type_of(key) for key in _most_specific_first(unit))
    for token_type, unit in UNIT_OF.items()
}

AUDIO = ("input_audio", "output_audio")
BASES = ("uncached_input", "output")

# Token types that no column of an event holds; they arrive as keys of extra_units. Each is charged
# as plain input or output where nothing nearer has a price, if it is a part of one of them; audio
# as the audio that has a column, which may be known to have no price.
EXTRA_TOKEN_TYPES: Mapping[str, str | None] = {
    token_type: next((base for base in (*AUDIO, *BASES) if base in CHARGED_AS[token_type]), None)
    for token_type in UNIT_OF
    if token_type not in TOKEN_TYPES
}
