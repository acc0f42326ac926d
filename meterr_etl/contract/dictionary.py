"""The data dictionary of the event, in Markdown, rendered from the model."""

from __future__ import annotations

from meterr_etl.contract.token_event import Derived, Mapped, TokenEvent

_HEAD = (
    "| field | type | unit | meaning | rule | reasons |",
    "|---|---|---|---|---|---|",
)

PREFACE = """# The token event, field by field

Generated from `TokenEvent` by `make docs`; a test fails when the two differ. What a mapping yields,
what makes a row a dead letter, and why. The marts' columns are described in dbt's docs, whose page
`meterr demo` names, and as comments on the tables and views of schema `marts`.
"""


def render() -> str:
    """Return a Markdown table with one line per field of the canonical event."""
    lines = [
        _line(name, note, field.description or "")
        for name, field in TokenEvent.model_fields.items()
        for note in field.metadata
        if isinstance(note, (Mapped, Derived))
    ]
    return "\n".join((*_HEAD, *lines)) + "\n"


def _line(name: str, note: Mapped | Derived, meaning: str) -> str:
    if isinstance(note, Derived):
        pg_type, unit, rule = "bigint", "tokens", note.leaf.wording
    else:
        pg_type, unit, rule = note.rule.pg_type, note.unit, note.rule.wording
        if note.across:
            rule = f"{rule}; {note.across.wording}"
    reasons = ", ".join(f"`{name}_{code}`" for code in note.codes)
    cells = (f"`{name}`", pg_type, unit, meaning, rule, reasons)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """Return DATA_DICTIONARY.md: the event's fields under a heading, written by `make docs`."""
    return f"{PREFACE}\n{render()}"
