"""A reader of one tenant tries everything to see another's rows, and nothing of them is seen.

The other tenant's names, cost center, feature and ids are sentinels: they may stand in no answer,
message, detail, hint or notice. Relations and roles are those of the catalogue, so that a new one
is tried without being listed. `-s` shows how many attempts there were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import LiteralString, cast

import psycopg
import pytest
from psycopg import conninfo

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.budgets.budget import TenantBudgets
from meterr_etl.budgets.versions import load_budgets
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import load_charges
from tests.integration.leaks.attempts import OF_THE_SERVER, Attempt, by_role, on_relation
from tests.integration.pipeline.conftest import DAY, SourceTables, Warehouse, an_id, at

SENTINELS = ("SENTINEL", str(an_id("globex")), str(an_id("globex user")))
READER = "meterr_test_leaks"
RELATIONS = """
select
    n.nspname || '.' || c.relname,
    array(
        select quote_ident(a.attname) from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
    )
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'p', 'v', 'm')
    and (n.nspname in ('landing', 'staging', 'reference', 'ops', 'marts')
        or n.nspname like 'candidate%')
order by 1
"""


@pytest.fixture
def published(source: SourceTables, warehouse: Warehouse, night: Callable[..., str]) -> Warehouse:
    """A published day of two tenants, with rules and budgets of both, and a night left red."""
    source.add_acme()
    source.add_event()
    then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
    globex = {"organization_id": an_id("globex")}
    source.add(
        "organizations", id=an_id("globex"), name="SENTINEL Inc", billing_currency="USD", **then
    )
    source.add(
        "teams",
        id=an_id("g team"),
        name="SENTINEL team",
        cost_center="SENTINEL-CC",
        **globex,
        **then,
    )
    source.add(
        "projects",
        id=an_id("g project"),
        name="SENTINEL project",
        team_id=an_id("g team"),
        **globex,
        **then,
    )
    event = {
        **globex, "project_id": an_id("g project"), "user_id": an_id("globex user"),
        "feature": "SENTINEL feature", "session_id": "SENTINEL session",
        "metadata": {"SENTINEL tag": "SENTINEL value"},
    }  # fmt: skip
    source.add_event(**event)
    for tenant in ("acme", "globex"):
        _rules_and_budgets(str(an_id(tenant)), "SENTINEL" if tenant == "globex" else "acme")
    night()
    for tenant in ("acme", "globex"):
        _charges(str(an_id(tenant)), "SENTINEL" if tenant == "globex" else "acme")
    source.add_event(hour=13, **event)
    night()
    return warehouse


def _rules_and_budgets(tenant_id: str, name: str) -> None:
    load_rules(AllocationRules.model_validate({
        "tenant_id": tenant_id,
        "method": "step_down",
        "pools": [{"name": f"{name} pool", "filter": {"environment": ["staging"]}}],
        "rules": [{
            "pool": f"{name} pool", "valid_from": str(DAY), "weights": "even", "every": "team",
        }],
    }))  # fmt: skip
    load_budgets(TenantBudgets.model_validate({
        "tenant_id": tenant_id,
        "budgets": [
            {"name": f"{name} budget", "scope": "tenant", "first_month": "2026-11", "amount": 9},
        ],
    }))  # fmt: skip


def _charges(tenant_id: str, name: str) -> None:
    load_charges(TenantCharges.model_validate({
        "tenant_id": tenant_id,
        "charges": [{
            "name": f"{name} seats", "kind": "subscription", "provider": "openai", "amount": 9,
            "valid_from": str(DAY),
        }],
    }))  # fmt: skip


@pytest.fixture
def login(published: Warehouse) -> Iterator[str]:
    """The address of a login that may see the first tenant; a real one, not a role that is set."""
    published.change(f"drop role if exists {READER}")
    published.change(f"create role {READER} login password 'reader' in role meterr_analyst")
    published.change(f"insert into ops.reader_tenants values ('{READER}', '{an_id('acme')}')")
    yield conninfo.make_conninfo(published.url, user=READER, password="reader")
    published.change("delete from ops.reader_tenants")
    published.change(f"drop owned by {READER}")
    published.change(f"drop role {READER}")


def answer(connection: psycopg.Connection, attempt: Attempt) -> tuple[str, str]:
    """Return how an attempt ended, and everything that it was told."""
    told: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        told.append(_said(notice))

    connection.add_notice_handler(hear)
    outcome = "answered"
    try:
        for statement in attempt.statements:
            query = cast("LiteralString", statement)
            if statement.startswith("copy") and "stdout" in statement:
                with connection.cursor().copy(query) as copy:
                    told.extend(bytes(row).decode() for row in copy)
            else:
                cursor = connection.execute(query)
                told.extend(str(row) for row in cursor.fetchall()) if cursor.description else None
    except psycopg.Error as error:
        outcome = "refused" if isinstance(error, psycopg.errors.InsufficientPrivilege) else "failed"
        told += [str(error), _said(error.diag)]
    connection.rollback()
    connection.remove_notice_handler(hear)
    return outcome, "\n".join(told)


def _said(diagnostic: psycopg.errors.Diagnostic) -> str:
    parts = ("message_primary", "message_detail", "message_hint", "context", "internal_query")
    return " ".join(str(getattr(diagnostic, part)) for part in parts)


def attempts(warehouse: Warehouse) -> Iterator[Attempt]:
    for relation, columns in warehouse.rows(RELATIONS):
        assert isinstance(columns, list)
        yield from on_relation(str(relation), columns)
    for (role,) in warehouse.rows("select rolname from pg_roles order by 1"):
        if role not in (READER, "meterr_analyst"):
            yield from by_role(str(role))
    yield from OF_THE_SERVER


def test_nothing_of_another_tenant_is_seen_whatever_is_tried(
    published: Warehouse, login: str
) -> None:
    outcomes: Counter[str] = Counter()
    leaks = []
    with psycopg.connect(login) as connection:
        for attempt in attempts(published):
            outcome, told = answer(connection, attempt)
            outcomes[outcome] += 1
            # What an attempt itself says comes back in messages about it.
            seen = told.replace("%SENTINEL%", "")
            if any(sentinel in seen for sentinel in SENTINELS):
                leaks.append((attempt.name, outcome))
        for relation in ("marts.usage_by_tenant_daily", "marts.fct_usage_cost_daily"):
            count = f"select count(*) from {relation}"
            own = published.value(f"{count} where tenant_id = '{an_id('acme')}'")
            assert connection.execute(cast("LiteralString", count)).fetchone() == (own,)
    print(f"{sum(outcomes.values())} attempts to see another tenant: {dict(outcomes)}")
    assert leaks == []
    assert sum(outcomes.values()) > 1000
    assert outcomes["answered"] > 100


def test_attempts_do_find_what_a_reader_of_all_may_see(published: Warehouse, login: str) -> None:
    published.change(f"insert into ops.reader_tenants values ('{READER}', '*')")
    with psycopg.connect(login) as connection:
        for attempt in attempts(published):
            if attempt.name.endswith(": marts.usage_by_tenant_daily"):
                outcome, told = answer(connection, attempt)
                if outcome == "answered" and attempt.name.startswith(
                    ("read", "copy", "leaky", "own")
                ):
                    assert "SENTINEL" in told, attempt.name
