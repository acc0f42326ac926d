"""What a legal literal of a number, a timestamp or a truth value is, for Python and SQL alike.

`pg_input_is_valid` alone is no grammar: it takes `infinity`, `0x1F` and `11/12/2026` and refuses
`118.0`. So each literal is one regex that both engines read the same way: no anchors (`fullmatch`
here, `^(?:…)$` there), `[0-9]` since a bare digit class means other digits to Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from psycopg import sql
from psycopg.sql import Composable


@dataclass(frozen=True)
class Grammar:
    """One regex of ASCII without anchors, and the words that the data dictionary uses for it.

    The length is bounded apart from the regex: no cast to numeric can overflow then, and counted
    repetitions such as `{1,40}` make PostgreSQL's regexes four times slower.
    """

    pattern: str
    wording: str
    max_length: int

    def takes(self, text: str) -> bool:
        """Return whether the whole text is such a literal."""
        return len(text) <= self.max_length and re.fullmatch(self.pattern, text) is not None

    def sql_takes(self, text: Composable) -> Composable:
        """Return the same question in SQL; null for a null text."""
        return sql.SQL("(octet_length({}) <= {} and {} ~ {})").format(
            text, sql.Literal(self.max_length), text, sql.Literal(f"^(?:{self.pattern})$")
        )


INTEGER = Grammar(r"[-+]?[0-9]+(?:\.0+)?", "a whole number such as 118 or 118.0", 84)
NUMBER = Grammar(
    r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?",
    "a decimal number such as 0.0042 or 4.2e-3",
    84,
)
TIMESTAMP = Grammar(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[-+](?:0[0-9]|1[0-5])(?::?[0-5][0-9](?::[0-5][0-9])?)?)?",
    "ISO 8601 with seconds; digits beyond microseconds are cut, no zone means UTC",
    40,
)
TRUE = Grammar("true|t|1", "true, t or 1", 4)
FALSE = Grammar("false|f|0", "false, f or 0", 5)
CURRENCY = Grammar("[A-Z]{3}", "three capital letters", 3)

# Where a timestamp's seconds and its microseconds end.
_SECONDS_END = 19
_MICROSECONDS_END = 26
_ZONE_PARTS = re.compile("[0-9]{2}")


def integer_of(text: str) -> int | None:
    """Return the whole number that a text spells, or None where it spells none."""
    return int(Decimal(text)) if INTEGER.takes(text) else None


def number_of(text: str) -> Decimal | None:
    """Return the exact decimal that a text spells, or None where it spells none."""
    return Decimal(text) if NUMBER.takes(text) else None


def truth_of(text: str) -> bool | None:
    """Return the truth value that a text spells, or None where it spells none."""
    if TRUE.takes(text):
        return True
    return False if FALSE.takes(text) else None


def timestamp_of(text: str) -> datetime | None:
    """Return the moment in UTC that a text spells, or None for none or an impossible date."""
    if not TIMESTAMP.takes(text):
        return None
    digits, zone = _fraction_and_zone(text)
    try:
        moment = datetime.fromisoformat(text[:_SECONDS_END]).replace(
            microsecond=int(digits[:6].ljust(6, "0")), tzinfo=_zone_of(zone)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fraction_and_zone(text: str) -> tuple[str, str]:
    if text[_SECONDS_END : _SECONDS_END + 1] != ".":
        return "", text[_SECONDS_END:]
    zone = text[_SECONDS_END + 1 :].lstrip("0123456789")
    return text[_SECONDS_END + 1 : len(text) - len(zone)], zone


def _zone_of(text: str) -> timezone:
    if text in {"", "Z"}:
        return UTC
    # Seconds, since PostgreSQL prints such zones for days before there was standard time.
    hours, minutes, seconds = (int(part) for part in _ZONE_PARTS.findall(text + "0000")[:3])
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-offset if text[0] == "-" else offset)


def sql_number(text: Composable, grammar: Grammar) -> Composable:
    """Return the numeric that a text spells, null where it spells none."""
    return sql.SQL("case when {} then ({})::numeric end").format(grammar.sql_takes(text), text)


def sql_truth(text: Composable) -> Composable:
    """Return the boolean that a text spells, null where it spells none."""
    return sql.SQL("case when {} then true when {} then false end").format(
        TRUE.sql_takes(text), FALSE.sql_takes(text)
    )


def sql_timestamp(text: Composable) -> Composable:
    """Return the timestamptz that a text spells, null for none or an impossible date.

    The text is put together anew, since PostgreSQL rounds a seventh digit instead of cutting it
    and would read a missing zone in the session's.
    """
    zone = sql.SQL(
        "case when substr({text}, {end} + 1, 1) = '.'"
        " then ltrim(substr({text}, {end} + 2), '0123456789') else substr({text}, {end} + 1) end"
    ).format(text=text, end=sql.Literal(_SECONDS_END))
    rebuilt = sql.SQL(
        "left({text}, least({most}, octet_length({text}) - octet_length({zone})))"
        " || coalesce(nullif({zone}, ''), 'Z')"
    ).format(text=text, most=sql.Literal(_MICROSECONDS_END), zone=zone)
    return sql.SQL(
        "case when {takes} then"
        " case when pg_input_is_valid({rebuilt}, 'timestamptz') then ({rebuilt})::timestamptz end"
        " end"
    ).format(takes=TIMESTAMP.sql_takes(text), rebuilt=rebuilt)


def sql_is_canonical_uuid(text: Composable) -> Composable:
    """Return whether a text is a uuid exactly as PostgreSQL prints it; faster than a regex."""
    return sql.SQL(
        "case when octet_length({text}) = 36 and pg_input_is_valid({text}, 'uuid')"
        " then ({text})::uuid::text = {text} else false end"
    ).format(text=text)
