"""The FOCUS view over a night by hand: names, units, SKUs, own tenants."""

from __future__ import annotations

import re

import psycopg
from jinja2 import Environment

from meterr_etl.pricing.units import UNIT_OF
from meterr_etl.settings import PROJECT_ROOT

MACROS = (PROJECT_ROOT / "dbt_project" / "macros" / "focus.sql").read_text()


def evaluated(night, macro: str) -> dict[str, str]:
    """What a macro says of each of the catalogue's token types."""
    expression = Environment().from_string(f"{MACROS}{{{{ {macro}('t') }}}}").render()
    with psycopg.connect(night.url) as connection:
        rows = connection.execute(
            f"select t, {expression} from unnest(%s::text[]) as t".replace("%'", "%%'"),
            [list(UNIT_OF)],
        ).fetchall()
    return dict(rows)


def unit_of(usage_key: str) -> str:
    """The unit that the catalogue's own name of a quantity ends in."""
    return usage_key.rpartition("_")[2].capitalize()


def test_every_token_type_has_the_catalogues_unit(night):
    assert evaluated(night, "focus_unit") == {
        token_type: unit_of(unit.usage_key) for token_type, unit in UNIT_OF.items()
    }


def test_meters_of_plain_tokens_bear_the_names_that_focus_drafts(night):
    meters = evaluated(night, "focus_meter")
    assert (meters["uncached_input"], meters["output"], meters["cache_read"]) == (
        "Input Tokens", "Output Tokens", "Cache Read Input Tokens",
    )  # fmt: skip
    assert meters["cache_write_5m"] == meters["cache_write"] == "Cache Write Input Tokens"
    assert (meters["reasoning"], meters["request"]) == ("Reasoning Tokens", "Request")
    assert all(meters.values())


def test_columns_are_named_as_focus_names_them(models):
    columns = list(models["focus_cost_and_usage"]["columns"])
    own = [name for name in columns if name.startswith("x_")]
    assert columns == [*sorted(set(columns) - set(own)), *own]
    assert all(re.fullmatch(r"(x_)?([A-Z][a-z]+)+", name) for name in columns)
