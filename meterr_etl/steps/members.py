"""Stages owners, kinds of call and tag sets that no published event names yet."""

from __future__ import annotations

import psycopg
from psycopg import sql

from meterr_etl.contract.columns import OWNER_FIELDS, SKU_FIELDS
from meterr_etl.contract.verdict_sql import VerdictSql
from meterr_etl.errors import InvariantError
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement

MEMBERS = {
    "owners": ("owner_key", OWNER_FIELDS),
    "skus": ("sku_key", SKU_FIELDS),
    "tag_sets": ("tag_key", ("tags",)),
}


def stage_members(connection: Connection, run: Run, verdict: VerdictSql) -> dict[str, int]:
    """Write the members that are new with this batch; returns how many of each kind.

    Raises:
        InvariantError: two different members share a 64-bit key.
    """
    return {kind: _stage_kind(connection, run, verdict, kind) for kind in MEMBERS}


def _stage_kind(connection: Connection, run: Run, verdict: VerdictSql, kind: str) -> int:
    key, fields = MEMBERS[kind]
    table = getattr(run.tables, kind)
    known = sql.Identifier("staging", kind)
    connection.execute(sql.SQL("create table {} (like {} including indexes)").format(table, known))
    query = statement(
        "meterr_etl.steps",
        "stage_members",
        table=table,
        key=sql.Identifier(key),
        key_value=getattr(verdict, key),
        event_key=verdict.event_key,
        values=sql.SQL(", ").join(
            sql.SQL("{} as {}").format(verdict.typed[name], sql.Identifier(name)) for name in fields
        ),
        batch=run.tables.batch,
        mapped=run.tables.mapped,
        is_legal=verdict.is_legal,
        known=known,
    )
    try:
        return connection.execute(query).rowcount
    except psycopg.errors.UniqueViolation as error:
        raise InvariantError(
            f"Two different {kind} of run {run.run_id} share one 64-bit key: {error}",
            remedy="Nothing was published; please report it with the two rows of the message.",
        ) from error
