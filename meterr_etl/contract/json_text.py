"""JSON as PostgreSQL's jsonb reads and prints it, where Python's own reading differs.

Python takes NaN, lone surrogates, escaped NUL, numbers of any size; jsonb takes none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn

MAX_DEPTH = 64
# A JSON string, so that brackets inside of strings do not count as nesting. One without an end
# reaches to the end of the text, or each quote in it would start a search of its own.
STRING_PATTERN = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'

_STRING = re.compile(STRING_PATTERN, re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONG_ESCAPE = re.compile('["\\\\\b\f\n\r\t]|[\x00-\x1f]')
_SHORT_ESCAPES = frozenset('"\\\b\f\n\r\t')
# The limits of numeric: digits before and after the point, and of an exponent as written.
_MAX_WHOLE_DIGITS = 131_072
_MAX_SCALE = 16_383
_MAX_EXPONENT = 1_073_741_823


def parse_json(text: str) -> object:
    """Return the value of a JSON text, numbers as Decimal.

    Raises:
        ValueError: jsonb would refuse the text.
    """
    value = json.loads(
        text, parse_float=_number, parse_int=_number, parse_constant=_refuse_constant
    )
    for part in _parts(value):
        if isinstance(part, str) and _UNSTORABLE.search(part):
            raise ValueError("jsonb can't store NUL or half of a surrogate pair")
    return value


def text_depth(text: str) -> int:
    """Return how deep the brackets of a text go, whether or not it is valid JSON."""
    depth = deepest = 0
    for bracket in re.findall(r"[][{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def value_depth(value: object) -> int:
    """Return how deep objects and arrays nest; 1 for one that holds only scalars."""
    depth, level = 0, [value]
    while level:
        nested = [part for part in level if isinstance(part, (dict, list))]
        level = [child for part in nested for child in _children(part)]
        depth += 1 if nested else 0
    return depth


def printed_bytes(value: object) -> int:
    """Return the length of the text in UTF-8 that jsonb prints for a value."""
    if value is None or value is True:
        return 4
    if value is False:
        return 5
    if isinstance(value, str):
        return 2 + len(value.encode("utf-8", "surrogatepass")) + _escaping(value)
    if isinstance(value, dict):
        members = [printed_bytes(key) + 2 + printed_bytes(part) for key, part in value.items()]
        return _enclosed(members)
    if isinstance(value, list):
        return _enclosed([printed_bytes(part) for part in value])
    return _number_bytes(Decimal(str(value)))


def _enclosed(parts: list[int]) -> int:
    return 2 + sum(parts) + 2 * max(len(parts) - 1, 0)


def _escaping(text: str) -> int:
    return sum(1 if found in _SHORT_ESCAPES else 5 for found in _LONG_ESCAPE.findall(text))


def _number_bytes(number: Decimal) -> int:
    scale = max(0, -_exponent(number))
    whole = max(1, number.adjusted() + 1) if number else 1
    return (number < 0) + whole + (scale + 1 if scale else 0)


def _number(literal: str) -> Decimal:
    _, _, exponent = literal.lower().partition("e")
    if len(exponent) > len("+1073741823") or abs(int(exponent or 0)) > _MAX_EXPONENT:
        raise ValueError("the exponent is beyond numeric")
    number = Decimal(literal)
    if -_exponent(number) > _MAX_SCALE or (number and number.adjusted() >= _MAX_WHOLE_DIGITS):
        raise ValueError("the number is beyond numeric")
    return number


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError("NaN and infinity are no JSON numbers")  # noqa: TRY004
    return exponent


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _children(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def _parts(value: object) -> Iterable[object]:
    pending = [value]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, dict):
            pending.extend(part)
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
