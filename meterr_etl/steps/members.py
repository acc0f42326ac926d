"""Groups the landed rows by what repeats, and stages the members that no published event names."""

from __future__ import annotations

import psycopg
from psycopg import sql

from meterr_etl.contract.members import MEMBER_KINDS, MemberKind, MemberSql
from meterr_etl.contract.verdict_sql import ByMember, VerdictSql
from meterr_etl.errors import InvariantError
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import column_list, statement

SQL_PACKAGE = "meterr_etl.steps"


def create_groups(connection: Connection, run: Run, verdict: VerdictSql) -> None:
    """Write one table per kind of member: its groups of landed rows, judged and keyed.

    Ordinary tables, since a parallel scan can't read temporary ones.
    """
    for member in verdict.by_member.members:
        kind = member.kind
        connection.execute(
            statement(
                SQL_PACKAGE,
                "stage_groups",
                table=run.tables.groups(kind.name),
                mapped=run.tables.mapped,
                key=getattr(verdict, kind.key),
                key_name=sql.Identifier(kind.key),
                is_legal=member.is_legal,
                typed=_named(dict(member.typed)),
                same=_named(dict(zip(_same_names(member), member.sameness, strict=True))),
                same_names=column_list(_same_names(member)),
                carried=_carried(member),
            )
        )


def drop_groups(connection: Connection, run: Run) -> None:
    """Drop what `create_groups` wrote; the staged rows need it no more."""
    for kind in MEMBER_KINDS:
        connection.execute(sql.SQL("drop table if exists {}").format(run.tables.groups(kind.name)))


def joined_to_groups(run: Run, by_member: ByMember) -> sql.Composed:
    """Return the mapped rows `m`, each joined to the one group of every kind that it belongs to."""
    joins = [
        sql.SQL("inner join {} as {} on {}").format(
            run.tables.groups(member.kind.name),
            sql.Identifier(member.kind.name),
            sql.SQL(" and ").join(
                sql.SQL("{} = {}").format(sql.Identifier(member.kind.name, name), same)
                for name, same in zip(_same_names(member), member.sameness, strict=True)
            ),
        )
        for member in by_member.members
    ]
    return sql.SQL("{} as m {}").format(run.tables.mapped, sql.SQL(" ").join(joins))


def stage_members(connection: Connection, run: Run) -> dict[str, int]:
    """Write the members that are new with this batch; returns how many of each kind.

    Raises:
        InvariantError: two different members share a 64-bit key.
    """
    return {kind.name: _stage_kind(connection, run, kind) for kind in MEMBER_KINDS}


def _stage_kind(connection: Connection, run: Run, kind: MemberKind) -> int:
    table = run.tables.members(kind.name)
    known = sql.Identifier("staging", kind.name)
    connection.execute(sql.SQL("create table {} (like {} including indexes)").format(table, known))
    query = statement(
        SQL_PACKAGE,
        "stage_members",
        table=table,
        key=sql.Identifier(kind.key),
        fields=column_list(kind.fields, alias="g"),
        groups=run.tables.groups(kind.name),
        known=known,
        batch=run.tables.batch,
    )
    try:
        return connection.execute(query).rowcount
    except psycopg.errors.UniqueViolation as error:
        raise InvariantError(
            f"Two different {kind.name} of run {run.run_id} share one 64-bit key: {error}",
            remedy="Nothing was published; please report it with the two rows of the message.",
        ) from error


def _same_names(member: MemberSql) -> tuple[str, ...]:
    return tuple(f"same_{number}" for number, _ in enumerate(member.sameness, 1))


def _carried(member: MemberSql) -> sql.Composed:
    # Never empty, so that the list which it ends can't end in a comma.
    values = [
        sql.SQL("any_value({}) as {}").format(sql.Identifier("m", name), sql.Identifier(name))
        for name in member.carried
    ]
    return sql.SQL(", ").join([*values, sql.SQL("count(*) as row_count")])


def _named(values: dict[str, sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} as {}").format(value, sql.Identifier(name)) for name, value in values.items()
    )
