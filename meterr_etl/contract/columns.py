"""The staging tables' columns, derived from the event; migration 0003 is tested equal to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from psycopg import sql

from meterr_etl.contract import leaves
from meterr_etl.contract.storage import NARROW, read
from meterr_etl.contract.token_event import Place, TokenEvent, mapped_fields


@dataclass(frozen=True)
class Column:
    """One column of a staging table: its name, PostgreSQL type, and whether it may be null."""

    name: str
    pg_type: str
    is_required: bool = False


def fields_in(place: Place) -> tuple[str, ...]:
    """Return the fields that staging keeps in one place, in the model's order."""
    return tuple(name for name, note in mapped_fields().items() if note.place == place)


OWNER_FIELDS = fields_in("owner")
SKU_FIELDS = fields_in("sku")
LEAVES: tuple[tuple[str, str], ...] = tuple(
    (leaf.token_type, leaf.column) for leaf in leaves.LEAVES
)

# What a run adds to a row, since no mapping can know it.
RUN_COLUMNS = ("run_no", "source_id")
_KEYS = (
    Column("event_date", "date", is_required=True),
    Column("run_no", "integer", is_required=True),
    Column("source_id", "smallint", is_required=True),
    Column("event_key", "uuid", is_required=True),
    Column("owner_key", "bigint", is_required=True),
    Column("sku_key", "bigint", is_required=True),
    Column("tag_key", "bigint"),
)


def _is_required(name: str) -> bool:
    return type(None) not in get_args(TokenEvent.model_fields[name].annotation)


def _of_field(name: str) -> Column:
    return Column(name, mapped_fields()[name].rule.pg_type, _is_required(name))


def _of_event(name: str) -> Column:
    # Stored only where it is another than event_at (storage.py).
    return Column(name, "timestamptz") if name == "source_updated_at" else _of_field(name)


def _of_leaf(column: str) -> Column:
    is_narrow = column in {leaf.column for leaf in NARROW}
    return Column(column, "integer") if is_narrow else _of_field(column)


EVENT_COLUMNS: tuple[Column, ...] = (
    *_KEYS,
    *(_of_leaf(column) for _, column in LEAVES),
    # Null where event_key is the id itself.
    *(Column(name, "text") for name in fields_in("identity")),
    *(_of_event(name) for name in fields_in("event")),
)
OWNER_COLUMNS = tuple(_of_field(name) for name in OWNER_FIELDS)
SKU_COLUMNS = tuple(_of_field(name) for name in SKU_FIELDS)


def canonical_columns(alias: str) -> sql.Composed:
    """Return the list of every event column under an alias, read in the contract's types."""
    return sql.SQL(", ").join(
        sql.SQL("{} as {}").format(read(column.name, alias), sql.Identifier(column.name))
        for column in EVENT_COLUMNS
    )
