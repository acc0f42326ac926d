"""The data dictionary says something about every field and every reason."""

from __future__ import annotations

import re

from meterr_etl.contract.dictionary import render
from meterr_etl.contract.token_event import TokenEvent, reason_codes


def rows() -> list[list[str]]:
    """The cells of the rendered table, without its head."""
    lines = render().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_field_has_one_line_in_the_models_order():
    assert [cells[0].strip("`") for cells in rows()] == list(TokenEvent.model_fields)


def test_type_meaning_and_rule_are_never_empty():
    assert all(kind and meaning and rule for _, kind, _, meaning, rule, _ in rows())


def test_every_reason_is_named_once():
    named = [code for cells in rows() for code in re.findall(r"`(\w+)`", cells[5])]
    assert tuple(sorted(named)) == reason_codes()
