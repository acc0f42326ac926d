"""What repeats from row to row of a read, judged and hashed once per group instead of per row.

A million rows name some ten thousand owners and some dozen kinds of call. Grouping them by the
mapped columns as they are costs a fifth of reading, judging and hashing the same texts per row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.columns import OWNER_FIELDS, SKU_FIELDS
from meterr_etl.contract.leaves import BASIS
from meterr_etl.contract.rule import TEXT_TYPES, FieldSql, MappedColumn, all_of

NIL_UUID = sql.Literal("00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True)
class MemberKind:
    """One kind of member: its table's stem, its key, what it holds, and what else comes with it.

    judged_with: fields that are not part of the member, but repeat with it.
    """

    name: str
    key: str
    fields: tuple[str, ...]
    judged_with: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every field whose value and verdict are the same for all rows of a group."""
        return (*self.fields, *self.judged_with)


MEMBER_KINDS = (
    MemberKind("owners", "owner_key", OWNER_FIELDS),
    MemberKind("skus", "sku_key", SKU_FIELDS, (BASIS,)),
    MemberKind("tag_sets", "tag_key", ("tags",)),
)


@dataclass(frozen=True)
class MemberSql:
    """How one kind of member is found in a mapped relation `m`.

    sameness: equal, and never null, exactly where rows read the same.
    carried: mapped columns that a group keeps one value of.
    typed: field to expression over a group that goes by `m`.
    is_legal: whether every field of the group is legal by itself; never null.
    """

    kind: MemberKind
    sameness: tuple[Composable, ...]
    carried: tuple[str, ...]
    typed: Mapping[str, Composable]
    is_legal: Composable


def member_sql(
    kind: MemberKind, columns: Mapping[str, MappedColumn], fields: Mapping[str, FieldSql]
) -> MemberSql:
    """Return the SQL of one kind of member for a mapping's columns."""
    given = [columns[name] for name in kind.columns if name in columns]
    judged = [fields[name].legal for name in kind.columns]
    return MemberSql(
        kind,
        _sameness(given),
        tuple(column.name for column in given),
        {name: fields[name].value for name in kind.columns},
        all_of([legal for legal in judged if legal is not None]),
    )


def _sameness(columns: list[MappedColumn]) -> tuple[Composable, ...]:
    """Return the expressions to group and to join by; a null in a join would match nothing."""
    uuids = [column.raw for column in columns if column.pg_type == "uuid"]
    same = [
        sql.SQL("coalesce({}, {})").format(column.raw, sql.SQL("{}::uuid").format(NIL_UUID))
        if column.pg_type == "uuid"
        else _as_text(column)
        for column in columns
    ]
    if uuids:
        # The nil uuid stands for null above; which of them are null tells the two apart.
        bits = [
            sql.SQL("({} is null)::integer * {}").format(raw, sql.Literal(2**place))
            for place, raw in enumerate(uuids)
        ]
        same.append(sql.SQL("({})").format(sql.SQL(" + ").join(bits)))
    return tuple(same) or (sql.SQL("''"),)


def _as_text(column: MappedColumn) -> Composable:
    # Empty text counts as null, so the two are the same. A jsonb is compared as it prints: 1.0
    # and 1.00 are equal to PostgreSQL, but not the same content.
    native = column.pg_type in TEXT_TYPES
    return sql.SQL("coalesce({}, '')" if native else "coalesce({}::text, '')").format(column.raw)
