"""Fields that hold numbers and moments: counters, amounts of money, timestamps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.literals import (
    INTEGER,
    NUMBER,
    TIMESTAMP,
    integer_of,
    number_of,
    sql_number,
    sql_timestamp,
    timestamp_of,
)
from meterr_etl.contract.rule import FieldSql, MappedColumn, fault
from meterr_etl.contract.words import text_of

INTEGER_TYPES = ("smallint", "integer", "bigint")
MAX_COUNT = 10**12
MAX_INT4 = 2**31 - 1
MAX_AMOUNT = 10**12
MAX_SCALE = 40
FIRST_YEAR, END_YEAR = 2020, 2100


@dataclass(frozen=True)
class Counter:
    """A count that is never negative; null means not reported, or the default."""

    max_value: int = MAX_COUNT
    default: int | None = None
    pg_type: str = "bigint"
    codes: ClassVar[tuple[str, ...]] = ("malformed", "negative", "too_large")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        absent = "not reported" if self.default is None else str(self.default)
        return f"{INTEGER.wording}, 0 to {self.max_value}; null means {absent}"

    def read(self, value: object) -> int | None:
        """Return the count, None where it was not reported."""
        text = text_of(value)
        if text is None:
            return self.default
        number = integer_of(text)
        if number is None or isinstance(value, bool):
            raise fault("malformed")
        if number < 0:
            raise fault("negative")
        if number > self.max_value:
            raise fault("too_large")
        return number

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column; of an integer only the range can fail."""
        is_native = column.pg_type in INTEGER_TYPES
        number = column.raw if is_native else sql_number(column.text, INTEGER)
        in_range = sql.SQL("numrange(0, {}, '[]') @> ({})::numeric").format(
            sql.Literal(self.max_value), number
        )
        faults: dict[str, Composable] = {
            "negative": sql.SQL("coalesce(({}) < 0, false)").format(number),
            "too_large": sql.SQL("coalesce(({}) > {}, false)").format(
                number, sql.Literal(self.max_value)
            ),
        }
        if is_native and INTEGER_TYPES.index(column.pg_type) <= INTEGER_TYPES.index(self.pg_type):
            value = sql.SQL("({})::{}").format(column.raw, sql.SQL(self.pg_type))
            return FieldSql(self._or_default(value), faults, bounded=(0, self.max_value))
        given = column.raw if is_native else column.text
        if not is_native:
            taken = INTEGER.sql_takes(column.text)
            faults["malformed"] = sql.SQL("coalesce(not ({}), false)").format(taken)
        legal = sql.SQL("({} is null or coalesce({}, false))").format(given, in_range)
        value = sql.SQL("case when {} then ({})::{} end").format(
            in_range, number, sql.SQL(self.pg_type)
        )
        return FieldSql(self._or_default(value), faults, legal)

    def sql_absent(self) -> FieldSql:
        """Return the default, or not reported."""
        return FieldSql(sql.SQL("{}::{}").format(sql.Literal(self.default), sql.SQL(self.pg_type)))

    def _or_default(self, value: Composable) -> Composable:
        if self.default is None:
            return value
        return sql.SQL("coalesce({}, {})").format(value, sql.Literal(self.default))


@dataclass(frozen=True)
class Amount:
    """An exact decimal with a sign, as a source reported it."""

    pg_type: ClassVar[str] = "numeric"
    codes: ClassVar[tuple[str, ...]] = ("malformed", "too_large")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return (
            f"{NUMBER.wording}, from -{MAX_AMOUNT} to {MAX_AMOUNT},"
            f" at most {MAX_SCALE} digits after the point"
        )

    def read(self, value: object) -> Decimal | None:
        """Return the amount, None where it was not reported."""
        if isinstance(value, Decimal):
            number: Decimal | None = value
        else:
            text = text_of(value)
            if text is None:
                return None
            number = None if isinstance(value, bool) else number_of(text)
        if number is None or not _is_sane(number):
            raise fault("malformed")
        # Not abs(), which would round to the context's precision.
        if number.copy_abs() > MAX_AMOUNT:
            raise fault("too_large")
        return number

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column; a numeric may still be NaN or endless."""
        is_native = column.pg_type == "numeric" or column.pg_type in INTEGER_TYPES
        number = (
            sql.SQL("({})::numeric").format(column.raw)
            if is_native
            else sql_number(column.text, NUMBER)
        )
        parts = {
            "number": number,
            "present": sql.SQL("{} is not null").format(column.raw if is_native else column.text),
            "end": sql.SQL(f"1e{MAX_SCALE}"),
            "scale": sql.Literal(MAX_SCALE),
            "most": sql.Literal(MAX_AMOUNT),
        }
        sane = sql.SQL("coalesce(abs({number}) < {end} and scale({number}) <= {scale}, false)")
        faults = {
            "malformed": sql.SQL("({present} and not {sane})"),
            "too_large": sql.SQL("({sane} and abs({number}) > {most})"),
        }
        # NaN is greater than every number, and its scale is null.
        legal = sql.SQL(
            "coalesce(abs({number}) <= {most} and scale({number}) <= {scale}, not {present})"
        )
        parts["sane"] = sane.format(**parts)
        return FieldSql(
            number,
            {code: condition.format(**parts) for code, condition in faults.items()},
            legal.format(**parts),
        )

    def sql_absent(self) -> FieldSql:
        """Return not reported."""
        return FieldSql(sql.SQL("null::numeric"))


@dataclass(frozen=True)
class Moment:
    """A required moment in UTC, to the microsecond."""

    pg_type: ClassVar[str] = "timestamptz"
    codes: ClassVar[tuple[str, ...]] = ("after_2099", "before_2020", "malformed", "missing")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return f"required, {TIMESTAMP.wording}; from {FIRST_YEAR} to the end of {END_YEAR - 1}"

    def read(self, value: object) -> datetime:
        """Return the moment in UTC."""
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            moment: datetime | None = aware.astimezone(UTC)
        else:
            text = text_of(value)
            if text is None:
                raise fault("missing")
            moment = timestamp_of(text)
        if moment is None:
            raise fault("malformed")
        if moment.year < FIRST_YEAR:
            raise fault("before_2020")
        if moment.year >= END_YEAR:
            raise fault("after_2099")
        return moment

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column; a timestamptz may still be infinite."""
        is_native = column.pg_type == "timestamp with time zone"
        moment = column.raw if is_native else sql_timestamp(column.text)
        given = column.raw if is_native else column.text
        parts = {"given": given, "moment": moment}
        faults = {
            "missing": sql.SQL("{given} is null"),
            "malformed": sql.SQL(
                "({given} is not null and not coalesce(({moment}) >= {least}"
                " and ({moment}) < {most}, false))"
            ),
            "before_2020": sql.SQL(
                "coalesce(({moment}) >= {least} and ({moment}) < {first}, false)"
            ),
            "after_2099": sql.SQL("coalesce(({moment}) >= {end} and ({moment}) < {most}, false)"),
        }
        # One range, since two comparisons would read a text twice.
        legal = sql.SQL("coalesce(tstzrange({first}, {end}) @> ({moment}), false)")
        bounds = {
            "least": _new_year(1),
            "first": _new_year(FIRST_YEAR),
            "end": _new_year(END_YEAR),
            "most": _new_year(10_000),
        }
        return FieldSql(
            moment,
            {code: condition.format(**parts, **bounds) for code, condition in faults.items()},
            legal.format(**parts, **bounds),
        )

    def sql_absent(self) -> FieldSql:
        """Return a missing moment."""
        return FieldSql(
            sql.SQL("null::timestamptz"), {"missing": sql.SQL("true")}, sql.SQL("false")
        )


def _is_sane(number: Decimal) -> bool:
    if not number.is_finite():
        return False
    exponent = number.as_tuple().exponent
    return (
        isinstance(exponent, int) and -exponent <= MAX_SCALE and number.copy_abs() < 10**MAX_SCALE
    )


def _new_year(year: int) -> Composable:
    return sql.SQL("timestamptz {}").format(sql.Literal(f"{year:04d}-01-01 00:00:00+00"))
