"""Ways by which a reader of one tenant may try to see another's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Evaluated for every row that it is shown; a planner that runs it before the policy shows all.
TATTLER = (
    "create function pg_temp.tattle(text) returns boolean language plpgsql cost 0.0000001 as"
    " $$ begin raise notice 'saw %', $1; return true; end $$"
)


ALL_COSTS = "select * from marts.usage_by_tenant_daily"
DEFINER = f" security definer language sql as '{ALL_COSTS}'"


@dataclass(frozen=True)
class Attempt:
    """Statements of one transaction; what they answer, say or fail with is searched."""

    name: str
    statements: tuple[str, ...]


def on_relation(relation: str, columns: list[str]) -> Iterator[Attempt]:
    """Yield the attempts on one table, view or partition."""
    text = f"concat_ws(' ', {', '.join(columns)})" if columns else "''"
    reads = {
        "read": f"select * from {relation}",
        "read whole rows": f"select t::text from {relation} as t",
        "copy": f"copy {relation} to stdout",
        "copy a query": f"copy (select * from {relation}) to stdout",
        "as xml": f"select query_to_xml('select * from {relation}', true, false, '')",
        "table as xml": f"select table_to_xml('{relation}'::regclass, true, false, '')",
        "lock": f"select * from {relation} for update",
        "first column of all": f"select max({columns[0]}::text), min({columns[0]}::text)"
        f" from {relation}" if columns else f"select count(*) from {relation}",
        "explain": f"explain (analyze, verbose) select * from {relation}",
        "cast to a number": f"select * from {relation} where ({text})::integer = 1",
        "divide by what it holds": f"select * from {relation}"
        f" where 1 / (({text}) not like '%SENTINEL%')::integer = 1",
        "cursor": f"declare c cursor with hold for select * from {relation}",
        "sample": f"select * from {relation} tablesample system (100)",
        "own view": f"create temp view v as select * from {relation}; select * from v",
        "own copy": f"create temp table t as select * from {relation}; select * from t",
        "statistics": f"select * from pg_stats where schemaname || '.' || tablename = '{relation}'",
        "raw statistics": f"select * from pg_statistic where starelid = '{relation}'::regclass",
        "delete": f"delete from {relation} returning *",
        "truncate": f"truncate {relation}",
        "policy off": f"alter table {relation} disable row level security",
        "owner": f"alter table {relation} owner to current_user",
        "trigger": f"create trigger t before insert on {relation}"
        " execute function suppress_redundant_updates_trigger()",
        "rule": f"create rule r as on insert to {relation} do also select * from {relation}",
        "index": f"create index on {relation} (({text}))",
        "analyze": f"analyze verbose {relation}",
    }  # fmt: skip
    for name, statement in reads.items():
        yield Attempt(f"{name}: {relation}", tuple(statement.split("; ")))
    yield Attempt(
        f"leaky function: {relation}",
        (TATTLER, f"select * from {relation} where pg_temp.tattle({text})"),
    )
    for setting in ("row_security = off", "session_replication_role = replica"):
        yield Attempt(f"set {setting}: {relation}", (f"set {setting}", f"select * from {relation}"))
    yield Attempt(
        f"cheap operators first: {relation}",
        (
            "set enable_seqscan = off",
            "set enable_indexscan = off",
            "set debug_parallel_query = on",
            f"select * from {relation} where ({text})::date is null",
        ),
    )


def by_role(role: str) -> Iterator[Attempt]:
    """Yield the attempts to become another role."""
    yield Attempt(f"set role {role}", (f'set role "{role}"', ALL_COSTS))
    yield Attempt(f"session {role}", (f'set session authorization "{role}"', ALL_COSTS))
    yield Attempt(f"grant {role}", (f'grant "{role}" to current_user', ALL_COSTS))
    yield Attempt(
        f"as a setting {role}", (f"select set_config('role', '{role}', false)", ALL_COSTS)
    )
    yield Attempt(
        f"default privileges of {role}",
        (f'alter default privileges for role "{role}" grant select on tables to public', ALL_COSTS),
    )


OF_THE_SERVER = (
    Attempt("file", ("select pg_read_file('/etc/passwd')",)),
    Attempt("folder", ("select pg_ls_dir('.')",)),
    Attempt("program", ("copy (select 1) to program 'cat'",)),
    Attempt("program as input", ("create temp table t (l text)", "copy t from program 'cat'")),
    Attempt("large object", ("select lo_import('/etc/passwd')",)),
    Attempt("other databases", ("create extension dblink",)),
    Attempt("untrusted language", ("create extension plpython3u",)),
    Attempt("whole database as xml", ("select database_to_xml(true, false, '')",)),
    Attempt("schema as xml", ("select schema_to_xml('marts', true, false, '')",)),
    Attempt("queries of others", ("select * from pg_stat_activity",)),
    Attempt("logs", ("select pg_read_file(pg_current_logfile())",)),
    Attempt("passwords", ("select * from pg_authid",)),
    Attempt("columns", ("select * from information_schema.columns",)),
    Attempt("comments", ("select * from pg_description",)),
    Attempt("grants seen", ("select * from ops.reader_tenants",)),
    Attempt(
        "grants to oneself",
        ("insert into ops.reader_tenants values (current_user, '*')", ALL_COSTS),
    ),
    Attempt("a policy", ("create policy p on marts.usage_by_tenant_daily using (true)", ALL_COSTS)),
    Attempt(
        "definer in public",
        (
            f"create function public.f() returns setof marts.usage_by_tenant_daily{DEFINER}",
            "select * from public.f()",
        ),
    ),
    Attempt("own setting", ("set meterr.tenant = '*'", ALL_COSTS)),
    Attempt(
        "own search path",
        (
            "create temp table reader_tenants as select current_user as reader, '*' as tenant_id",
            "set search_path = pg_temp, ops",
            ALL_COSTS,
        ),
    ),
    Attempt("prepared", (f"prepare costs as {ALL_COSTS}", "execute costs")),
    Attempt(
        "prepared, then another role",
        (f"prepare all_costs as {ALL_COSTS}", "set role meterr_publisher", "execute all_costs"),
    ),
    Attempt("a schema", ("create schema candidate_mine", "select 1")),
)
