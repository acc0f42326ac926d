"""What every kind of field answers, in Python and in SQL, so that no rule has two homes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from psycopg import sql
from psycopg.sql import Composable
from pydantic_core import PydanticCustomError

TEXT_TYPES = frozenset({"text", "character varying"})


@dataclass(frozen=True)
class MappedColumn:
    """One column of the mapped relation `m`: how SQL names it, and its type without modifiers."""

    name: str
    pg_type: str

    @classmethod
    def of(cls, name: str, formatted_type: str) -> MappedColumn:
        """Return the column for a type as `format_type` prints it, such as `numeric(12,6)`."""
        return cls(name, re.sub(r"\s*\([0-9, ]+\)", "", formatted_type).strip().lower())

    @property
    def raw(self) -> Composable:
        """The column as mapped."""
        return sql.Identifier("m", self.name)

    @property
    def text(self) -> Composable:
        """The column as text; a cast to text can't fail, and empty text counts as null."""
        native = self.pg_type in TEXT_TYPES
        return sql.SQL("nullif({}, '')" if native else "nullif({}::text, '')").format(self.raw)


@dataclass(frozen=True)
class FieldSql:
    """How SQL reads and judges one field of one mapped row.

    value: of the contract's type, never raises; means something only where no fault holds.
    faults: reason suffix to a condition that is never null, for dead rows.
    legal: cheap form of "no fault holds" for every row, never null; None where none can hold.
    bounded: the least and greatest legal value, where `value` is an integer that nothing but its
        range can fail; such fields are judged together.
    """

    value: Composable
    faults: Mapping[str, Composable] = field(default_factory=dict)
    legal: Composable | None = None
    bounded: tuple[int, int] | None = None


class Rule(Protocol):
    """One kind of field: the rule that its values obey, told to pydantic, SQL and people."""

    pg_type: str
    codes: tuple[str, ...]

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""

    def read(self, value: object) -> object:
        """Return the legal value, or raise the fault."""

    def sql(self, column: MappedColumn) -> FieldSql:
        """Return how SQL reads and judges the mapped column."""

    def sql_absent(self) -> FieldSql:
        """Return what stands for a column that the mapping does not give."""


def fault(*codes: str) -> PydanticCustomError:
    """Return the error of a value that broke rules, named by the suffixes of their reasons."""
    return PydanticCustomError("fault", "breaks the rule {codes}", {"codes": codes})


def any_of(conditions: list[Composable]) -> Composable:
    """Return the disjunction of conditions that are never null."""
    return sql.SQL("({})").format(sql.SQL(" or ").join(conditions or [sql.SQL("false")]))


def all_of(conditions: list[Composable]) -> Composable:
    """Return the conjunction of conditions."""
    return sql.SQL("({})").format(sql.SQL(" and ").join(conditions or [sql.SQL("true")]))


def negated(condition: Composable) -> Composable:
    """Return the opposite of a condition that is never null."""
    return sql.SQL("not {}").format(condition)


def judged_by_faults(value: Composable, faults: Mapping[str, Composable]) -> FieldSql:
    """Return a field that is legal where no fault holds: exact, but not the fastest way to ask."""
    return FieldSql(value, faults, negated(any_of(list(faults.values()))))
