"""What each CheckFunction of the rules asks: of the columns, of a row, or of two columns."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from .exported import Exported, Row
from .rules import Check

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(E-?\d+)?")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
CURRENCY = re.compile(r"[A-Z]{3}")
SIZE = r"(?:[KMGTPE]i?)?[bB]"
SPAN = r"(?:Year|Month|Day|Hour|Minute|Second)"
COUNT = r"(?:[A-Z][a-z]+)"
UNIT = re.compile(
    rf"(?:[1-9]\d* )?(?:(?:{SIZE}|{COUNT})-{SPAN}s|(?:{SIZE}|{COUNT}s)(?:/{SPAN})?)"
    rf"|(?:{SIZE}|{COUNT}s)/[1-9]\d* {SPAN}s"
)


class UnknownCheckError(Exception):
    """A CheckFunction that nobody has written down here."""


def pairs_of(text: str) -> list[tuple[str, Any]] | None:
    """The pairs of a JSON object, repeated keys included; None where it is none."""
    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs))
    except ValueError:
        return None
    return found[1] if isinstance(found, tuple) else None


def is_key_value(text: str) -> bool:
    """Whether a text is a flat JSON object without repeated keys."""
    pairs = pairs_of(text)
    if pairs is None or len({key for key, _ in pairs}) < len(pairs):
        return False
    return not any(isinstance(value, tuple | list) for _, value in pairs)


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "FormatString": lambda text: text.isprintable() or "\n" in text,
    "FormatNumeric": is_number,
    "FormatDateTime": lambda text: MOMENT.fullmatch(text) is not None,
    "FormatCurrency": lambda text: CURRENCY.fullmatch(text) is not None,
    "FormatUnit": lambda text: UNIT.fullmatch(text) is not None,
    "FormatKeyValue": is_key_value,
}
TYPES = {"TypeDecimal": "Decimal", "TypeString": "String", "TypeDateTime": "DateTime"}
OF_COLUMNS = {"ColumnPresent", *TYPES}


def holds_of_columns(check: Check, exported: Exported) -> bool:
    """Whether a check on the presence or the type of a column holds."""
    kind = exported.kinds.get(check["ColumnName"])
    if check["CheckFunction"] == "ColumnPresent":
        return kind is not None
    return kind == TYPES[check["CheckFunction"]]


def holds_of_pairs(check: Check, rows: Iterable[Row]) -> bool:
    """Whether each value of one column goes with as many values of another as it should."""
    seen = defaultdict(set)
    for row in rows:
        if (value := row.get(check["ColumnAName"])) is not None:
            seen[value].add(row.get(check["ColumnBName"]))
    return all(len(others) == check["ExpectedCount"] for others in seen.values())


def holds_of_row(check: Check, row: Row, currencies: frozenset[str]) -> bool:
    """Whether a check holds of one row; a column that is not there is null.

    Raises:
        UnknownCheckError: nobody has written down what it asks.
    """
    function = check["CheckFunction"]
    if function in ("AND", "OR"):
        combine = all if function == "AND" else any
        return combine(holds_of_row(item, row, currencies) for item in check["Items"])
    if function in OF_TWO:
        return OF_TWO[function](check, row)
    # Two conditions name their column so.
    value = row.get(check.get("ColumnName") or check.get("CheckCondition", ""))
    if function in OF_VALUE:
        return OF_VALUE[function](value, check.get("Value"))
    if function in FORMATS:
        return value is None or FORMATS[function](value)
    if function == "CheckNationalCurrency":
        return value is None or value in currencies
    raise UnknownCheckError(function)


def is_same(value: str | None, wanted: Any) -> bool:
    """Whether a value is what a rule names: null, a number, or a text."""
    if value is None or wanted is None:
        return value is wanted
    if isinstance(wanted, int) and is_number(value):
        return Decimal(value) == wanted
    return value == str(wanted)


def _is_product(check: Check, row: Row) -> bool:
    names = (check["ColumnAName"], check["ColumnBName"], check["ResultColumnName"])
    first, second, product = (row.get(name) for name in names)
    if first is None or second is None or product is None:
        return first is None or second is None
    return Decimal(first) * Decimal(second) == Decimal(product)


OF_VALUE: dict[str, Callable[[str | None, Any], bool]] = {
    "CheckValue": is_same,
    "CheckNotValue": lambda value, wanted: not is_same(value, wanted),
    "CheckDecimalValue": lambda value, _: value is not None and is_number(value),
    "CheckGreaterOrEqualThanValue": lambda value, least: (
        value is None or Decimal(value) >= Decimal(str(least))
    ),
}
OF_TWO: dict[str, Callable[[Check, Row], bool]] = {
    "CheckSameValue": lambda c, row: row.get(c["ColumnAName"]) == row.get(c["ColumnBName"]),
    "CheckNotSameValue": lambda c, row: row.get(c["ColumnAName"]) != row.get(c["ColumnBName"]),
    "ColumnByColumnEqualsColumnValue": _is_product,
}
