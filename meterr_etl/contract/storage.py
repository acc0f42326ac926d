"""How an event is stored in few bytes, and read again in the contract's own types.

A call uses thousands of tokens, so a leaf gets four bytes; what needs more (a provider's bucket of
a whole day) lies in `extra_units` under its token type. Most rows are never changed, so the time
of the change is stored only where it is another than the event's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.leaves import LEAVES, REQUEST
from meterr_etl.contract.measures import MAX_INT4

# A request count is never null, so it could not move to extra_units.
NARROW = tuple(leaf for leaf in LEAVES if leaf is not REQUEST)
_NARROW_TYPES = sql.Literal([leaf.token_type for leaf in NARROW])


def stored(event: Mapping[str, Composable]) -> dict[str, Composable]:
    """Return those columns of staging that do not hold what the event says as it says it.

    Args:
        event: column to expression of the contract's type.
    """
    widest = sql.SQL("greatest({})").format(
        sql.SQL(", ").join(event[leaf.column] for leaf in NARROW)
    )
    wide = sql.SQL(", ").join(
        sql.SQL("{}, case when {} > {} then {} end").format(
            sql.Literal(leaf.token_type), event[leaf.column], MAX_INT4, event[leaf.column]
        )
        for leaf in NARROW
    )
    extra_units = sql.SQL(
        "case when {} > {} then coalesce({}, '{{}}') || jsonb_strip_nulls(jsonb_build_object({}))"
        " else {} end"
    ).format(widest, MAX_INT4, event["extra_units"], wide, event["extra_units"])
    narrow = {
        leaf.column: sql.SQL("case when {0} <= {1} then {0} end").format(
            event[leaf.column], MAX_INT4
        )
        for leaf in NARROW
    }
    updated_at = sql.SQL("nullif({}, {})").format(event["source_updated_at"], event["event_at"])
    return {**narrow, "extra_units": extra_units, "source_updated_at": updated_at}


def read(column: str, alias: str) -> Composable:
    """Return a column of stored events under an alias as the contract means it."""
    raw = sql.Identifier(alias, column)
    extra = sql.Identifier(alias, "extra_units")
    if column == "source_updated_at":
        return sql.SQL("coalesce({}, {})").format(raw, sql.Identifier(alias, "event_at"))
    if column == "extra_units":
        return sql.SQL(
            "case when {0} ?| {1} then nullif({0} - {1}, '{{}}') else {0} end"
        ).format(extra, sql.SQL("{}::text[]").format(_NARROW_TYPES))  # fmt: skip
    for leaf in NARROW:
        if leaf.column == column:
            return sql.SQL("coalesce({}::bigint, ({} ->> {})::bigint)").format(
                raw, extra, sql.Literal(leaf.token_type)
            )
    return raw
