"""Writes a gate's one-row table of measures, reads it back, and fetches rows that offend."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from meterr_etl.errors import ConflictError
from meterr_etl.gates.expectation import Expectation, Measures
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection, Role, warehouse
from meterr_etl.warehouse.names import Gate
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.gates"
PREVIOUS_STEP = {
    "landing": "extract",
    "staging": "stage",
    "marts": "transform",
    "months": "publish",
}


@dataclass(frozen=True)
class Checkpoint:
    """One gate of one run: what its SQL files are composed with, and what is expected.

    Each of `prepared` names a file `sql/{gate}_{name}.sql` whose rows the later ones, and the
    measures at last, read as the temporary table `{name}`.
    """

    gate: Gate
    run: Run
    role: Role
    parts: Mapping[str, sql.Composable]
    expectations: tuple[Expectation, ...]
    prepared: tuple[str, ...] = ()

    @property
    def table_name(self) -> tuple[str, str]:
        """Schema and name of the table of measures."""
        return "ops", f"measures_{self.gate}__{self.run.run_id}"


def measure(checkpoint: Checkpoint) -> Measures:
    """Build the table of measures anew and return its one row; all of it sees one snapshot.

    Raises:
        ConflictError: a table that the gate judges does not exist.
    """
    table = checkpoint.run.tables.measures(checkpoint.gate)
    with _opened(checkpoint) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # Grouping a million ids on disk costs seconds; this much memory keeps it off the disk.
        connection.execute("set local work_mem = '96MB'")
        connection.execute(sql.SQL("drop table if exists {}").format(table))
        try:
            _prepare(connection, checkpoint)
            query = statement(SQL_PACKAGE, f"measure_{checkpoint.gate}", **checkpoint.parts)
            connection.execute(sql.SQL("create unlogged table {} as {}").format(table, query))
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise _nothing_to_judge(checkpoint, error) from error
        connection.execute(sql.SQL("alter table {} owner to meterr_loader").format(table))
        return _rows(connection, sql.SQL("select * from {}").format(table))[0]


def _prepare(connection: Connection, checkpoint: Checkpoint) -> None:
    for name in checkpoint.prepared:
        query = statement(SQL_PACKAGE, f"{checkpoint.gate}_{name}", **checkpoint.parts)
        connection.execute(
            sql.SQL("create temp table {} on commit drop as {}").format(sql.Identifier(name), query)
        )
        # Without statistics the planner joins hundreds of thousands of groups row by row.
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(name)))


def fetch_sample(checkpoint: Checkpoint, name: str, limit: int) -> list[dict[str, object]]:
    """Return at most `limit` rows that break an expectation, as its sample file selects them."""
    query = statement(SQL_PACKAGE, name, **checkpoint.parts)
    with _opened(checkpoint) as connection:
        return _rows(
            connection,
            sql.SQL("select * from ({}) as offending limit {}").format(query, sql.Literal(limit)),
        )


def relation_columns(connection: Connection, relation: sql.Identifier) -> dict[str, str]:
    """Return name → type of a relation's columns; empty if there is no such relation."""
    rows = connection.execute(
        "select a.attname, format_type(a.atttypid, null) from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped"
        " order by a.attnum",
        (relation.as_string(connection),),
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def _opened(checkpoint: Checkpoint) -> AbstractContextManager[Connection]:
    return warehouse(checkpoint.role, application_name=f"meterr gate {checkpoint.gate}")


def _rows(connection: Connection, query: sql.Composed) -> list[dict[str, object]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(query).fetchall())


def _nothing_to_judge(checkpoint: Checkpoint, error: psycopg.Error) -> ConflictError:
    step = PREVIOUS_STEP[checkpoint.gate]
    return ConflictError(
        f"The {checkpoint.gate} gate can't judge run {checkpoint.run.run_id}: "
        f"{error.diag.message_primary}.",
        remedy=f"Run the step '{step}' of this run first; if its tables were swept, start anew.",
    )
