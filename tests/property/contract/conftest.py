"""The two engines of the contract side by side: pydantic, and the SQL that is compiled from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import set_json_loads

from meterr_etl.contract.columns import LEAVES
from meterr_etl.contract.measures import Moment
from meterr_etl.contract.token_event import TokenEvent, judge, mapped_fields
from meterr_etl.contract.verdict_sql import VerdictSql, compile_verdict

FIELDS = mapped_fields()
KEYS = ("owner_key", "sku_key", "tag_key", "event_key", "kept_source_event_id")

TEXT_TYPES = dict.fromkeys(FIELDS, "text")
CONTRACT_TYPES = {
    name: "timestamp with time zone" if isinstance(note.rule, Moment) else note.rule.pg_type
    for name, note in FIELDS.items()
}

LEGAL_ROW = {
    "source_event_id": "0190b2a4-7e51-7cc0-9d7f-3f1c8a6f2b11",
    "event_at": "2026-11-14 05:03:02.123456+00",
    "source_updated_at": "2026-11-14 05:03:02.123456+00",
    "tenant_id": "7d0f3a52-0c1e-4c11-8a53-5d5a5a0b6f01",
    "provider": "openai",
    "model": "gpt-5",
    "usage_basis": "inclusive",
    "input_tokens": "1000",
    "cache_read_tokens": "300",
    "cache_write_5m_tokens": "50",
    "input_audio_tokens": "20",
    "output_tokens": "400",
    "reasoning_tokens": "150",
    "tags": '{"team": "search"}',
    "reported_cost": "0.0042",
    "reported_cost_currency": "USD",
}
LEGAL_ROW_TYPED = {
    **LEGAL_ROW,
    "event_at": datetime.fromisoformat(LEGAL_ROW["event_at"]),
    "source_updated_at": datetime.fromisoformat(LEGAL_ROW["source_updated_at"]),
    "tags": json.loads(LEGAL_ROW["tags"]),
    "reported_cost": Decimal(LEGAL_ROW["reported_cost"]),
    **{name: int(value) for name, value in LEGAL_ROW.items() if name.endswith("_tokens")},
}


@dataclass(frozen=True)
class SqlVerdict:
    """What SQL says of one row; `values` are its typed fields, leaves and keys, where legal."""

    is_legal: bool
    reasons: tuple[str, ...]
    values: dict[str, Any]
    keys: tuple[object, ...]


def written(value: object) -> str | None:
    """How a typed value is written into a column of its type."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return f"{value}"


class Engines:
    """Judges the same rows with pydantic and with SQL."""

    legal_row = LEGAL_ROW
    legal_row_typed = LEGAL_ROW_TYPED
    text_types = TEXT_TYPES
    contract_types = CONTRACT_TYPES

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection

    def load(self, rows: Sequence[Mapping[str, object]], types: Mapping[str, str]) -> str:
        """Put rows into a fresh temporary table of the given column types."""
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(pg_type))
            for name, pg_type in types.items()
        )
        self.connection.execute("drop table if exists mapped")
        self.connection.execute(
            sql.SQL("create temp table mapped (_row integer, {})").format(columns)
        )
        with self.connection.cursor().copy("copy mapped from stdin") as copy:
            for number, row in enumerate(rows):
                copy.write_row([number, *(written(row.get(name)) for name in types)])
        return "mapped"

    def copy_as_text(self, types: Mapping[str, str]) -> str:
        """Make a copy of the mapped rows with every column as text."""
        columns = sql.SQL(", ").join(
            sql.SQL("{0}::text as {0}").format(sql.Identifier(name)) for name in types
        )
        self.connection.execute("drop table if exists as_text")
        self.connection.execute(
            sql.SQL("create temp table as_text as select _row, {} from mapped").format(columns)
        )
        return "as_text"

    def sql_verdicts(self, table: str, types: Mapping[str, str]) -> list[SqlVerdict]:
        """Judge every row of a table in SQL; also evaluates the typed fields of the dead rows."""
        names, query = _query(table, tuple(types.items()))
        return [
            SqlVerdict(is_legal, tuple(reasons), dict(zip(names, values, strict=True)), tuple(keys))
            for is_legal, reasons, _, *rest in self.connection.execute(query)
            for values, keys in [(rest[: -len(KEYS)], rest[-len(KEYS) :])]
        ]

    def assert_same(
        self, rows: Sequence[Mapping[str, object]], types: Mapping[str, str]
    ) -> list[SqlVerdict]:
        """Compare pydantic, SQL on these types and SQL on a copy as text; return what SQL says."""
        verdicts = self.sql_verdicts(self.load(rows, types), types)
        of_text = self.sql_verdicts(self.copy_as_text(types), dict.fromkeys(types, "text"))
        for row, verdict, text_verdict in zip(rows, verdicts, of_text, strict=True):
            assert_equal_verdicts(judge(row), verdict, row)
            assert verdict == text_verdict, row
        return verdicts


def assert_equal_verdicts(
    judged: TokenEvent | tuple[str, ...], verdict: SqlVerdict, row: Mapping[str, object]
) -> None:
    """Both engines say the same reasons, or read the same values."""
    if isinstance(judged, tuple):
        assert (verdict.is_legal, verdict.reasons) == (False, judged), row
        return
    assert (verdict.is_legal, verdict.reasons) == (True, ()), row
    read = judged.model_dump()
    for name in FIELDS:
        assert verdict.values[name] == read[name], (name, row)
    for token_type, column in LEAVES:
        assert verdict.values[f"leaf {token_type}"] == read.get(token_type, read.get(column)), row


@cache
def _query(table: str, types: tuple[tuple[str, str], ...]) -> tuple[list[str], sql.Composed]:
    verdict: VerdictSql = compile_verdict(dict(types))
    leaves = {f"leaf {name}": leaf for name, leaf in verdict.leaves.items()}
    fetched = {**verdict.typed, **leaves}
    keys = {name: getattr(verdict, name) for name in KEYS}
    guarded = [
        sql.SQL("case when judged.is_legal then {} end").format(expression)
        for expression in (*fetched.values(), *keys.values())
    ]
    query = sql.SQL(
        "select judged.is_legal, {reasons}, num_nonnulls({typed}), {guarded} from {table} as m,"
        " lateral (select {is_legal} as is_legal offset 0) as judged order by m._row"
    ).format(
        reasons=verdict.reasons,
        typed=sql.SQL(", ").join(verdict.typed.values()),
        guarded=sql.SQL(", ").join(guarded),
        table=sql.Identifier(table),
        is_legal=verdict.is_legal,
    )
    return list(fetched), query


@pytest.fixture(scope="session")
def engines(postgres: Any) -> Iterator[Engines]:
    """Both engines over one session that is in another time zone than the contract."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        connection.execute("set jit = off")
        exact = partial(json.loads, parse_float=Decimal, parse_int=Decimal)
        set_json_loads(exact, connection)
        yield Engines(connection)
