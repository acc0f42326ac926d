"""The typed header of a source: which tables, columns, types and clock it has."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

ColumnType = Literal[
    "bigint", "boolean", "integer", "jsonb", "numeric", "text", "timestamptz", "uuid"
]
# Names become parts of the run's table names; PostgreSQL cuts identifiers at 63 bytes.
ShortName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}$")]


class _LandedTable(BaseModel):
    """What the events' table and the entities' tables have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ShortName
    table: str
    id_column: str
    columns: dict[str, ColumnType] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_only_declared_columns(self) -> Self:
        strangers = sorted(self._named_columns() - set(self.columns))
        if strangers:
            raise ValueError(f"names columns that it does not declare: {', '.join(strangers)}")
        return self

    def _named_columns(self) -> set[str]:
        return {self.id_column}


class Entity(_LandedTable):
    """A small dimension of the source, in the schema of its events; a source may lack its table.

    `tenant_column` says whose it is, `changed_column` when it last changed.
    """

    tenant_column: str
    changed_column: str

    def _named_columns(self) -> set[str]:
        return {self.id_column, self.tenant_column, self.changed_column}


class Source(_LandedTable):
    """A named place that raw events come from: header and mapping, as read from its folder.

    `columns` are landed in their order, each with its declared type; those that are not
    `required` may be missing and then land as null. A window is cut by `cursor_column`, or by
    `cursor_fallback` where that is null. `lookback` is how far before its window a run reads again
    where that is published; `marks_revisions` says that a changed row shows it by cursor >
    fallback; `deletions` how the source tells that a row is gone ('none': it never does).
    """

    description: str
    schema_name: str
    required: frozenset[str]
    cursor_column: str
    cursor_fallback: str
    lookback: timedelta = Field(ge=timedelta(0), le=timedelta(days=7))
    marks_revisions: bool
    deletions: Literal["none"] = "none"
    entities: tuple[Entity, ...] = ()
    mapping: str = Field(repr=False, min_length=1)

    @property
    def qualified_table(self) -> str:
        """Return schema.table of the events as a person writes it."""
        return f"{self.schema_name}.{self.table}"

    def _named_columns(self) -> set[str]:
        return {self.id_column, self.cursor_column, self.cursor_fallback, *self.required}
