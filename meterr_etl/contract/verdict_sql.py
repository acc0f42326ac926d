"""The event contract as SQL over a mapped relation, compiled from `TokenEvent` for its types.

What a column's type already guarantees is not asked again, so a typed landing is judged almost at
the speed of a scan, while a copy with every column as text gets the same verdict by its grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import Composable

from meterr_etl.contract.across import AcrossRule
from meterr_etl.contract.columns import EVENT_COLUMNS, OWNER_FIELDS, RUN_COLUMNS, SKU_FIELDS
from meterr_etl.contract.leaves import LEAVES
from meterr_etl.contract.literals import sql_is_canonical_uuid
from meterr_etl.contract.members import MEMBER_KINDS, MemberSql, member_sql
from meterr_etl.contract.rule import FieldSql, MappedColumn, all_of, any_of, negated
from meterr_etl.contract.storage import stored
from meterr_etl.contract.token_event import derived_fields, mapped_fields


@dataclass(frozen=True)
class VerdictSql:
    """Expressions over a mapped relation that goes by the alias `m`.

    `typed`, `is_legal` and `reasons` never raise; the others never raise on a legal row.


    typed: one expression of the contract's type per mapped field, defaults filled in.
    is_legal: boolean, never null, cheap.
    reasons: text[], sorted and complete, empty exactly where is_legal; for dead rows only.
    leaves: token type to quantity.
    staging_row: column of staging.token_events to expression, without run_no and source_id.
    """

    typed: dict[str, Composable]
    is_legal: Composable
    reasons: Composable
    leaves: dict[str, Composable]
    owner_key: Composable
    sku_key: Composable
    tag_key: Composable
    event_key: Composable
    kept_source_event_id: Composable
    staging_row: dict[str, Composable]
    by_member: ByMember


@dataclass(frozen=True)
class ByMember:
    """The same verdict over a row `m` joined to its members, each under its kind's name.

    A joined member gives its key, its typed fields and `is_legal`; what is left to ask of the row
    is what no group of rows can answer.
    """

    members: tuple[MemberSql, ...]
    is_legal: Composable
    event_at: Composable
    staging_row: dict[str, Composable]


def compile_verdict(mapped_types: Mapping[str, str]) -> VerdictSql:
    """Return the contract's SQL for a mapping.

    Args:
        mapped_types: mapped column to PostgreSQL type, as `format_type` prints it. Columns that
            are no field of the event are ignored; fields without a column get their default.
    """
    columns = {name: MappedColumn.of(name, text) for name, text in mapped_types.items()}
    fields = {
        name: note.rule.sql(columns[name]) if name in columns else note.rule.sql_absent()
        for name, note in mapped_fields().items()
    }
    typed = {name: field.value for name, field in fields.items()}
    leaves = {leaf.token_type: leaf.sql_rest(typed) for leaf in LEAVES}
    event_key, kept_id = _event_key(columns.get("source_event_id"))
    keys = {
        "event_key": event_key,
        "owner_key": _record_hash([typed[name] for name in OWNER_FIELDS]),
        "sku_key": _record_hash([typed[name] for name in SKU_FIELDS]),
        "tag_key": _key_of(sql.SQL("jsonb_send({})").format(typed["tags"])),
        "source_event_id": kept_id,
    }
    return VerdictSql(
        typed=typed,
        is_legal=_is_legal(fields, leaves),
        reasons=_reasons(fields, leaves),
        leaves=leaves,
        owner_key=keys["owner_key"],
        sku_key=keys["sku_key"],
        tag_key=keys["tag_key"],
        event_key=event_key,
        kept_source_event_id=kept_id,
        staging_row=_staging_row(typed, leaves, keys),
        by_member=_by_member(columns, fields, keys),
    )


def _by_member(
    columns: Mapping[str, MappedColumn],
    fields: Mapping[str, FieldSql],
    keys: Mapping[str, Composable],
) -> ByMember:
    joined = {
        name: FieldSql(sql.Identifier(kind.name, name))
        for kind in MEMBER_KINDS
        for name in kind.columns
    }
    of_row = {name: joined.get(name, field) for name, field in fields.items()}
    typed = {name: field.value for name, field in of_row.items()}
    leaves = {leaf.token_type: leaf.sql_rest(typed) for leaf in LEAVES}
    own_keys = {kind.key: sql.Identifier(kind.name, kind.key) for kind in MEMBER_KINDS}
    members_legal: list[Composable] = [
        sql.Identifier(kind.name, "is_legal") for kind in MEMBER_KINDS
    ]
    return ByMember(
        tuple(member_sql(kind, columns, fields) for kind in MEMBER_KINDS),
        all_of([*members_legal, _is_legal(of_row, leaves)]),
        typed["event_at"],
        _staging_row(typed, leaves, {**keys, **own_keys}),
    )


def _staging_row(
    typed: Mapping[str, Composable],
    leaves: Mapping[str, Composable],
    keys: Mapping[str, Composable],
) -> dict[str, Composable]:
    day = sql.SQL("(({}) at time zone 'UTC')::date").format(typed["event_at"])
    by_column = {leaf.column: leaves[leaf.token_type] for leaf in LEAVES}
    event = {**typed, **by_column, **keys, "event_date": day}
    known = {**event, **stored(event)}
    return {
        column.name: known[column.name]
        for column in EVENT_COLUMNS
        if column.name not in RUN_COLUMNS
    }


def _record_hash(values: list[Composable]) -> Composable:
    return _key_of(sql.SQL("record_send(row({}))").format(sql.SQL(", ").join(values)))


def _key_of(encoded: Composable) -> Composable:
    # Parts of a key are written by whoever calls the API. PostgreSQL's own 64-bit hashes can be
    # inverted in a blink, so that a chosen feature name would bill another tenant; SHA-256 can't.
    return sql.SQL("substr(sha256({}), 1, 8)::bigint").format(encoded)


def _event_key(column: MappedColumn | None) -> tuple[Composable, Composable]:
    """Return the key of an event, and the id to keep where the key is not the id itself."""
    if column is None:
        return sql.SQL("null::uuid"), sql.SQL("null::text")
    if column.pg_type == "uuid":
        return column.raw, sql.SQL("null::text")
    parts = {"id": column.text, "is_uuid": sql_is_canonical_uuid(column.text)}
    key = sql.SQL(
        "case when {is_uuid} then ({id})::uuid else"
        " encode(substr(sha256(convert_to({id}, 'UTF8')), 1, 16), 'hex')::uuid end"
    )
    kept = sql.SQL("case when not ({is_uuid}) then {id} end")
    return key.format(**parts), kept.format(**parts)


def _is_legal(fields: Mapping[str, FieldSql], leaves: Mapping[str, Composable]) -> Composable:
    alone = [field.legal for field in fields.values() if field.legal is not None]
    alone += _ranges(fields)
    broken = [_breaks(rule, name, fields) for name, rule in _across_rules().items()]
    broken += [_is_negative(leaves[note.leaf.token_type]) for note in derived_fields().values()]
    # CASE, since a subtraction could overflow where a counter is out of its range.
    return sql.SQL("case when {} then {} else false end").format(
        all_of(alone), negated(any_of(broken))
    )


def _ranges(fields: Mapping[str, FieldSql]) -> list[Composable]:
    """Return one question per range: `least` and `greatest` skip nulls and are fast."""
    by_range: dict[tuple[int, int], list[Composable]] = {}
    for field in fields.values():
        if field.bounded:
            by_range.setdefault(field.bounded, []).append(field.value)
    return [
        sql.SQL(
            "coalesce(least({columns}), 0) >= {low} and coalesce(greatest({columns}), 0) <= {high}"
        ).format(columns=sql.SQL(", ").join(columns), low=sql.Literal(low), high=sql.Literal(high))
        for (low, high), columns in by_range.items()
    ]


def _reasons(fields: Mapping[str, FieldSql], leaves: Mapping[str, Composable]) -> Composable:
    conditions = {
        f"{name}_{code}": condition
        for name, field in fields.items()
        for code, condition in field.faults.items()
    }
    for name, rule in _across_rules().items():
        broken = _where_legal((name, rule.other), fields, _breaks(rule, name, fields))
        code = f"{name}_{rule.code}"
        conditions[code] = any_of([broken, *([conditions[code]] if code in conditions else [])])
    for name, note in derived_fields().items():
        broken = _is_negative(leaves[note.leaf.token_type])
        conditions[f"{name}_negative"] = _where_legal(note.leaf.needs, fields, broken)
    cases = [
        sql.SQL("case when {} then {} end").format(conditions[code], sql.Literal(code))
        for code in sorted(conditions)
    ]
    return sql.SQL("array_remove(array[{}]::text[], null)").format(sql.SQL(", ").join(cases))


def _where_legal(
    names: tuple[str, ...], fields: Mapping[str, FieldSql], condition: Composable
) -> Composable:
    faults = [fault for name in names for fault in fields[name].faults.values()]
    return sql.SQL("case when {} then false else {} end").format(any_of(faults), condition)


def _breaks(rule: AcrossRule, name: str, fields: Mapping[str, FieldSql]) -> Composable:
    condition = rule.sql_is_broken(fields[name].value, fields[rule.other].value)
    return sql.SQL("coalesce({}, false)").format(condition)


def _is_negative(leaf: Composable) -> Composable:
    return sql.SQL("coalesce({} < 0, false)").format(leaf)


def _across_rules() -> dict[str, AcrossRule]:
    return {name: note.across for name, note in mapped_fields().items() if note.across}
