"""Each role holds what ARCHITECTURE.md says, and no more."""

from __future__ import annotations

import psycopg
import pytest

from meterr_etl.settings import PROJECT_ROOT

SCHEMAS = ("landing", "staging", "reference", "ops", "marts")
ROLES = (
    "meterr_loader", "meterr_transformer", "meterr_publisher", "meterr_analyst", "meterr_auditor",
)  # fmt: skip
RELATIONS = "c.relkind in ('r', 'p', 'v') and not c.relispartition"
HELD = f"""
select n.nspname, g.grantee::regrole::text, lower(g.privilege_type)
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
cross join lateral aclexplode(c.relacl) as g
where {RELATIONS} and g.grantee <> c.relowner and n.nspname = any(%(schemas)s)
union
select n.nspname, g.grantee::regrole::text, lower(g.privilege_type)
from pg_attribute as a
inner join pg_class as c on a.attrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
cross join lateral aclexplode(a.attacl) as g
where {RELATIONS} and n.nspname = any(%(schemas)s)
"""
OWNED = f"""
select distinct n.nspname, c.relowner::regrole::text
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where {RELATIONS} and n.nspname = any(%(schemas)s)
union
select n.nspname, n.nspowner::regrole::text
from pg_namespace as n where n.nspname = any(%(schemas)s)
"""


@pytest.fixture
def warehouse(warehouse_db: str):
    with psycopg.connect(warehouse_db) as connection:
        yield connection


def told() -> list[list[str]]:
    lines = (PROJECT_ROOT / "ARCHITECTURE.md").read_text().splitlines()
    start = lines.index(f"| role | {' | '.join(SCHEMAS)} |") + 2
    return [
        [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
        for line in lines[start : start + len(ROLES)]
    ]


def test_documented_table_of_roles_is_what_the_database_grants(warehouse) -> None:
    asked = {"schemas": list(SCHEMAS)}
    held: dict[tuple[str, str], set[str]] = {}
    for schema, role, privilege in warehouse.execute(HELD, asked):
        held.setdefault((schema, role), set()).add(privilege)
    for schema, role in warehouse.execute(OWNED, asked):
        held[schema, role] = {"owns"}
    assert {role for _, role in held} == set(ROLES), "nobody else, and not PUBLIC"
    assert told() == [
        [role, *(", ".join(sorted(held.get((schema, role), {"-"}))) for schema in SCHEMAS)]
        for role in ROLES
    ]


def test_no_role_can_log_in_or_get_round_row_level_security(warehouse) -> None:
    assert (
        warehouse.execute(
            "select rolname from pg_roles where rolname = any(%s)"
            " and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
            [list(ROLES)],
        ).fetchall()
        == []
    )


def test_readers_are_members_of_nothing(warehouse) -> None:
    assert (
        warehouse.execute(
            "select roleid::regrole from pg_auth_members"
            " where member in ('meterr_analyst'::regrole, 'meterr_auditor'::regrole)"
        ).fetchall()
        == []
    )
