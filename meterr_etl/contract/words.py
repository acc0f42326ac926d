"""Fields that hold words: ids and names, choices, codes and truth values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.literals import FALSE, TRUE, Grammar, sql_truth, truth_of
from meterr_etl.contract.rule import FieldSql, MappedColumn, fault, judged_by_faults

# What PostgreSQL can't store in a text; only a caller of `judge` can meet it.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text_of(value: object) -> str | None:
    """Return a mapped value as PostgreSQL would print it; empty text counts as null.

    Raises:
        PydanticCustomError: the value is of no type that a mapping yields, or unstorable text.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, UUID)):
        return str(value)
    if not isinstance(value, str) or _UNSTORABLE.search(value):
        raise fault("malformed")
    return value


@dataclass(frozen=True)
class Text:
    """An id or a name, kept as it came; its length counts in bytes of UTF-8."""

    max_bytes: int
    is_required: bool = False
    pg_type: ClassVar[str] = "text"

    @property
    def codes(self) -> tuple[str, ...]:
        """The suffixes of the reasons that a value can die of."""
        return (
            ("malformed", "missing", "too_long") if self.is_required else ("malformed", "too_long")
        )

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        need = "required, " if self.is_required else ""
        return f"{need}at most {self.max_bytes} bytes"

    def read(self, value: object) -> str | None:
        """Return the text, None where there is none."""
        text = text_of(value)
        if text is None:
            if self.is_required:
                raise fault("missing")
            return None
        if len(text.encode()) > self.max_bytes:
            raise fault("too_long")
        return text

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column; a uuid can only be missing."""
        if column.pg_type == "uuid":
            present = sql.SQL("{} is not null").format(column.raw)
            value = sql.SQL("{}::text").format(column.raw)
            missing = {"missing": sql.SQL("{} is null").format(column.raw)}
            if not self.is_required:
                return FieldSql(value)
            return FieldSql(value, missing, present)
        length = sql.SQL("octet_length({})").format(column.text)
        limit = sql.Literal(self.max_bytes)
        faults: dict[str, Composable] = {
            "too_long": sql.SQL("coalesce({} > {}, false)").format(length, limit)
        }
        if self.is_required:
            faults["missing"] = sql.SQL("{} is null").format(column.text)
        legal = sql.SQL("coalesce({} <= {}, {})").format(
            length, limit, sql.Literal(not self.is_required)
        )
        return FieldSql(column.text, faults, legal)

    def sql_absent(self) -> FieldSql:
        """Return a null, which is a fault where the field is required."""
        absent = FieldSql(sql.SQL("null::text"))
        if not self.is_required:
            return absent
        return FieldSql(absent.value, {"missing": sql.SQL("true")}, sql.SQL("false"))


@dataclass(frozen=True)
class Choice:
    """One of a few words; a missing one takes the default, or is a fault where there is none."""

    options: tuple[str, ...]
    default: str | None = None
    pg_type: ClassVar[str] = "text"

    @property
    def codes(self) -> tuple[str, ...]:
        """The suffixes of the reasons that a value can die of."""
        return ("unknown",) if self.default else ("missing", "unknown")

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        need = f"null means {self.default}" if self.default else "required"
        return f"{' or '.join(self.options)}; {need}"

    def read(self, value: object) -> str:
        """Return the word."""
        try:
            text = text_of(value) or self.default
        except ValueError:
            raise fault("unknown") from None
        if text is None:
            raise fault("missing")
        if text not in self.options:
            raise fault("unknown")
        return text

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column."""
        known = sql.SQL("{} in ({})").format(
            column.text, sql.SQL(", ").join(map(sql.Literal, self.options))
        )
        faults: dict[str, Composable] = {
            "unknown": sql.SQL("coalesce(not {}, false)").format(known)
        }
        if self.default is None:
            faults["missing"] = sql.SQL("{} is null").format(column.text)
        value = sql.SQL("coalesce({}, {})").format(column.text, _text_literal(self.default))
        legal = sql.SQL("coalesce({}, {})").format(known, sql.Literal(self.default is not None))
        return FieldSql(value, faults, legal)

    def sql_absent(self) -> FieldSql:
        """Return the default, or a missing value."""
        value = _text_literal(self.default)
        if self.default is not None:
            return FieldSql(value)
        return FieldSql(value, {"missing": sql.SQL("true")}, sql.SQL("false"))


@dataclass(frozen=True)
class Code:
    """A short optional word of one grammar, such as a currency."""

    grammar: Grammar
    pg_type: ClassVar[str] = "text"
    codes: ClassVar[tuple[str, ...]] = ("malformed",)

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return self.grammar.wording

    def read(self, value: object) -> str | None:
        """Return the code, None where there is none."""
        text = text_of(value)
        if text is not None and not self.grammar.takes(text):
            raise fault("malformed")
        return text

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column."""
        takes = self.grammar.sql_takes(column.text)
        faults = {"malformed": sql.SQL("coalesce(not ({}), false)").format(takes)}
        return judged_by_faults(column.text, faults)

    def sql_absent(self) -> FieldSql:
        """Return a null."""
        return FieldSql(sql.SQL("null::text"))


@dataclass(frozen=True)
class Flag:
    """A truth value; null is false."""

    pg_type: ClassVar[str] = "boolean"
    codes: ClassVar[tuple[str, ...]] = ("malformed",)

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        return f"{TRUE.wording}; {FALSE.wording}; null means false"

    def read(self, value: object) -> bool:
        """Return the truth value."""
        text = text_of(value)
        truth = False if text is None else truth_of(text)
        if truth is None:
            raise fault("malformed")
        return truth

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return the verdict on the mapped column; a boolean can't fail."""
        if column.pg_type == "boolean":
            return FieldSql(sql.SQL("coalesce({}, false)").format(column.raw))
        truth = sql_truth(column.text)
        malformed = sql.SQL("({} is not null and ({}) is null)").format(column.text, truth)
        value = sql.SQL("coalesce({}, false)").format(truth)
        return judged_by_faults(value, {"malformed": malformed})

    def sql_absent(self) -> FieldSql:
        """Return false."""
        return FieldSql(sql.SQL("false"))


def _text_literal(text: str | None) -> Composable:
    return sql.SQL("{}::text").format(sql.Literal(text))
