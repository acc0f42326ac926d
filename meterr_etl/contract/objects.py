"""Fields that hold a JSON object: the tags of an event, and units that no column has.

One hostile object must not stop a night: a text nested 60,000 deep makes the JSON parser itself
raise, also under `pg_input_is_valid`, and 100,000 numbers like 1e131071 are a megabyte stored but
13 GB printed, beyond what a text may hold. So depth is counted before a text is parsed, and a
value is printed only where what it stores already bounds what it prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.json_text import (
    MAX_DEPTH,
    STRING_PATTERN,
    parse_json,
    printed_bytes,
    text_depth,
    value_depth,
)
from meterr_etl.contract.rule import FieldSql, MappedColumn, any_of, fault, negated
from meterr_etl.contract.words import text_of

MAX_TAGS_BYTES = 64 * 1024
MAX_EXTRA_UNITS_BYTES = 4 * 1024
MAX_QUANTITY = 10**12
# Each level stores at least 8 bytes, so what is stored in 512 is at most 64 deep.
_SHALLOW_BYTES = 8 * MAX_DEPTH
# No JSON stores more than four times what it prints; five leaves room for the headers.
_STORED_PER_PRINTED = 5
_LONG_NUMBER_DIGITS = 1000
_SPACE = " \t\n\r"
_DEEP_PATH = f'strict $.**{{{MAX_DEPTH}}} ? (@.type() == "object" || @.type() == "array")'
_LONG_NUMBER_PATH = (
    'strict $.** ? (@.type() == "number"'
    f" && (@ >= 1e{_LONG_NUMBER_DIGITS} || @ <= -1e{_LONG_NUMBER_DIGITS}))"
)

# A later question could raise on what an earlier one refuses; CASE keeps them in this order.
_VERDICT = sql.SQL(
    "case when {is_null} then {answer_for_legal}"
    " when not coalesce({is_object}, false) then {answer_for_malformed}"
    " when {text_is_too_large} then {answer_for_too_large}"
    " when not {is_valid} then {answer_for_malformed}"
    " when {prints_too_much} then {answer_for_too_large}"
    " else {answer_for_object} end"
)
_PRINTS_TOO_MUCH = sql.SQL(
    "case when {stored} <= {shallow} then octet_length({value}::text) > {limit}"
    " when {stored} > {most_stored} then true"
    " when {value} @? {deep}::jsonpath then true"
    " when jsonb_array_length(jsonb_path_query_array({value}, {long}::jsonpath)) > {longs}"
    " then true"
    " else octet_length({value}::text) > {limit} end"
)
_TEXT_IS_DEEP = sql.SQL(
    "case when octet_length({text}) - octet_length(translate({text}, '[{{', '')) <= {depth}"
    " then false else (select max(nesting.depth) from (select"
    " sum(case when part.bracket in ('[', '{{') then 1 else -1 end) over (order by part.n) as depth"
    " from string_to_table(regexp_replace(regexp_replace({text}, {string}, '', 'g'),"
    " '[^][{{}}]', '', 'g'), null) with ordinality as part (bracket, n)) as nesting) > {depth} end"
)


@dataclass(frozen=True)
class JsonObject:
    """A JSON object of bounded size and depth; JSON null counts as null."""

    max_bytes: int = MAX_TAGS_BYTES
    pg_type: ClassVar[str] = "jsonb"
    codes: tuple[str, ...] = ("malformed", "too_large")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return (
            f"a JSON object, at most {self.max_bytes} bytes as text and as jsonb prints it,"
            f" at most {MAX_DEPTH} levels deep; no NaN, escaped NUL or half surrogate pair"
        )

    def read(self, value: object) -> dict[str, object] | None:
        """Return the object, None where there is none."""
        if isinstance(value, (dict, list)):
            parsed: object = value
            is_too_large = value_depth(value) > MAX_DEPTH
        else:
            text = text_of(value)
            if text is None or text.strip(_SPACE) == "null":
                return None
            parsed, is_too_large = self._read_text(text)
        if not isinstance(parsed, dict):
            raise fault("malformed")
        if is_too_large or printed_bytes(parsed) > self.max_bytes:
            raise fault("too_large")
        return parsed

    def _read_text(self, text: str) -> tuple[object, bool]:
        if not text.lstrip(_SPACE).startswith("{"):
            raise fault("malformed")
        if len(text.encode()) > self.max_bytes or text_depth(text) > MAX_DEPTH:
            return {}, True
        try:
            return parse_json(text), False
        except ValueError:
            raise fault("malformed") from None

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column."""
        given = column.raw if column.pg_type == "jsonb" else column.text
        shape = self._sql_shape(column)

        def verdict(of_object: Composable | None = None, **answers: bool) -> Composable:
            given_answers = {
                f"answer_for_{name}": sql.Literal(answers.get(name, False))
                for name in ("legal", "malformed", "too_large")
            }
            last = of_object or given_answers["answer_for_legal"]
            return _VERDICT.format(**shape, **given_answers, answer_for_object=last)

        members = self._sql_member_faults(sql.SQL("({})::jsonb").format(given))
        faults = {code: verdict(members.get(code), **{code: True}) for code in self.codes}
        is_sound = negated(any_of(list(members.values()))) if members else None
        legal = verdict(is_sound, legal=True)
        value = sql.SQL("case when not {} and {} then ({})::jsonb end").format(
            shape["is_null"], legal, given
        )
        if column.pg_type == "jsonb":
            value = sql.SQL("nullif({}, 'null')").format(given)
        return FieldSql(value, faults, legal)

    def sql_absent(self) -> FieldSql:
        """Return a null."""
        return FieldSql(sql.SQL("null::jsonb"))

    def _sql_shape(self, column: MappedColumn) -> dict[str, Composable]:
        value = sql.SQL("({})::jsonb").format(column.text)
        if column.pg_type == "jsonb":
            kind = sql.SQL("jsonb_typeof({})").format(column.raw)
            return {
                "is_null": sql.SQL("coalesce({} = 'null', true)").format(kind),
                "is_object": sql.SQL("{} = 'object'").format(kind),
                "text_is_too_large": sql.SQL("false"),
                "is_valid": sql.SQL("true"),
                "prints_too_much": self._sql_prints_too_much(column.raw),
            }
        begins = sql.Literal(f"^[{_SPACE}]*\\{{")
        null = sql.Literal(f"^[{_SPACE}]*null[{_SPACE}]*$")
        size = sql.SQL("octet_length({}) > {}").format(column.text, sql.Literal(self.max_bytes))
        deep = _TEXT_IS_DEEP.format(
            text=column.text, depth=sql.Literal(MAX_DEPTH), string=sql.Literal(STRING_PATTERN)
        )
        return {
            "is_null": sql.SQL("coalesce({} ~ {}, true)").format(column.text, null),
            "is_object": sql.SQL("{} ~ {}").format(column.text, begins),
            "text_is_too_large": sql.SQL("case when {} then true else {} end").format(size, deep),
            "is_valid": sql.SQL("pg_input_is_valid({}, 'jsonb')").format(column.text),
            "prints_too_much": self._sql_prints_too_much(value),
        }

    def _sql_prints_too_much(self, value: Composable) -> Composable:
        # `|| '{}'` gives back the object itself, no longer compressed or out of line.
        return _PRINTS_TOO_MUCH.format(
            stored=sql.SQL("pg_column_size({} || '{{}}'::jsonb)").format(value),
            value=value,
            shallow=sql.Literal(_SHALLOW_BYTES),
            limit=sql.Literal(self.max_bytes),
            most_stored=sql.Literal(_STORED_PER_PRINTED * self.max_bytes + 64),
            deep=sql.Literal(_DEEP_PATH),
            long=sql.Literal(_LONG_NUMBER_PATH),
            longs=sql.Literal(self.max_bytes // _LONG_NUMBER_DIGITS),
        )

    def _sql_member_faults(self, value: Composable) -> dict[str, Composable]:  # noqa: ARG002
        return {}


@dataclass(frozen=True)
class Quantities(JsonObject):
    """A JSON object of quantities by unit, none of them named like a token type of a column."""

    max_bytes: int = MAX_EXTRA_UNITS_BYTES
    reserved: tuple[str, ...] = ()
    codes: tuple[str, ...] = ("malformed", "negative", "reserved", "too_large")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return (
            f"a JSON object of numbers, each 0 to {MAX_QUANTITY}, at most {self.max_bytes} bytes;"
            " no key that is a token type with a column of its own"
        )

    def read(self, value: object) -> dict[str, object] | None:
        """Return the quantities, None where there are none."""
        units = super().read(value)
        if units is None:
            return None
        codes = [code for code, is_broken in self._member_faults(units).items() if is_broken]
        if codes:
            raise fault(*codes)
        return units

    def _member_faults(self, units: dict[str, object]) -> dict[str, bool]:
        numbers = [
            Decimal(str(quantity))
            for quantity in units.values()
            if isinstance(quantity, (int, float, Decimal)) and not isinstance(quantity, bool)
        ]
        return {
            "malformed": len(numbers) < len(units),
            "negative": any(number < 0 for number in numbers),
            "reserved": any(key in self.reserved for key in units),
            "too_large": any(number > MAX_QUANTITY for number in numbers),
        }

    def _sql_member_faults(self, value: Composable) -> dict[str, Composable]:
        paths = {
            "malformed": '@.type() != "number"',
            "negative": "@ < 0",
            "too_large": f"@ > {MAX_QUANTITY}",
        }
        faults: dict[str, Composable] = {
            code: sql.SQL("{} @? {}::jsonpath").format(value, sql.Literal(f"strict $.* ? ({path})"))
            for code, path in paths.items()
        }
        reserved = sql.Literal(list(self.reserved))
        return faults | {"reserved": sql.SQL("{} ?| {}::text[]").format(value, reserved)}
