"""A month of a real trace, charges included, by rules of every kind: nobody's cost is lost (§9).

Each day repeats another fortieth of the ServeGen day. Its two models stand for two tenants, its
clients for their projects, four teams each; prices are those of models that the catalogue knows.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import load_charges
from meterr_etl.window import Window

from .conftest import SourceTables, Warehouse, an_id, at

pytestmark = pytest.mark.data
FIRST, AFTER, HALF = date(2026, 10, 1), date(2026, 11, 1), "2026-10-16"
EVERY = 40
MODELS = {"m-small": "gpt-4o-mini", "deepseek-r1": "o3"}
TEAMS = 4
COLUMNS = (
    "id", "organization_id", "project_id", "provider", "model", "input_tokens", "output_tokens",
    "environment", "feature", "created_at", "updated_at", "user_id", "metadata",
)  # fmt: skip
Pool = Mapping[str, list[str]]


def team(tenant: str, number: int) -> str:
    return str(an_id(f"{tenant} team {number}"))


def rule(pool: str, **said: object) -> dict[str, object]:
    return {"pool": pool, "valid_from": str(FIRST), **said}


def rules(
    tenant: str, method: str, pools: Mapping[str, Pool], *listed: object, metrics: object = ()
) -> AllocationRules:
    return AllocationRules.model_validate(
        {
            "tenant_id": str(an_id(tenant)),
            "method": method,
            "pools": [{"name": name, "filter": filter_} for name, filter_ in pools.items()],
            "rules": listed,
            "metrics": metrics,
        }
    )


STEP_DOWN = rules(
    "m-small",
    "step_down",
    {
        "seats": {"token_type": ["subscription", "credit"]},
        "support": {"token_type": ["fee"]},
        "robot": {"user_id": [str(an_id("user 3"))]},
        "jobs": {"tags.job": ["1", "2"], "environment": ["nightly"]},
        "platform": {"team_id": [team("m-small", 0)]},
        "nightly": {"environment": ["nightly"]},
        "untagged": {"project_id": ["unassigned"]},
    },
    rule("seats", weights="even", every="cost_center"),
    rule(
        "support", period="month", weights="fixed",
        targets=[{"team": team("m-small", 1), "weight": "3"}, {"pool": "platform", "weight": "1"}],
    ),
    rule(
        "platform", weights="proportional", driver="tokens", every="project", minimum_share="0.02"
    ),
    rule(
        "nightly", weights="proportional", driver="cost",
        targets=[{"team": team("m-small", n)} for n in (1, 2, 3)],
    ),
    rule("untagged", weights="proportional", driver="cost", targets=[{"team": "nobody"}]),
    rule("robot", weights="proportional", driver="heads", every="team"),
    rule("jobs", weights="proportional", driver="heads", targets=[{"team": "nobody"}]),
    metrics=[
        {
            "name": "heads",
            "amounts": [
                {"team": team("m-small", n), "amount": f"{n}.5", "valid_from": str(FIRST)}
                for n in range(TEAMS)
            ],
        }
    ],
)  # fmt: skip
RECIPROCAL = rules(
    "deepseek-r1",
    "reciprocal",
    {"platform": {"team_id": [team("deepseek-r1", 0)]}, "search": {"feature": ["search"]}},
    rule(
        "platform", weights="fixed", valid_to=HALF,
        targets=[
            {"pool": "search", "weight": "0.2"}, {"team": team("deepseek-r1", 1), "weight": "0.8"},
        ],
    ),
    rule(
        "search", weights="fixed", valid_to=HALF,
        targets=[
            {"pool": "platform", "weight": "0.3"}, {"cost_center": "CC-9", "weight": "0.7"},
        ],
    ),
    rule("platform", valid_from=HALF, weights="proportional", driver="requests", every="team"),
    rule(
        "search", valid_from=HALF, weights="proportional", driver="tokens",
        if_driver_is_zero="even",
        targets=[{"project": "nobody's"}, {"team": team("deepseek-r1", 2)}],
    ),
)  # fmt: skip
CHARGES = TenantCharges.model_validate(
    {
        "tenant_id": str(an_id("m-small")),
        "charges": [
            {
                "name": "seats", "kind": "subscription", "provider": "openai", "amount": "1000",
                "valid_from": "2026-09-15", "valid_to": "2026-11-15", "billed_on": str(FIRST),
            },
            {
                "name": "support", "kind": "fee", "provider": "openai", "amount": "99.99",
                "valid_from": str(FIRST), "valid_to": str(AFTER),
            },
            {
                "name": "goodwill", "kind": "credit", "provider": "openai", "amount": "12.3",
                "valid_from": HALF,
            },
        ],
    }
)  # fmt: skip
PER_TENANT = """
select tenant_id, month.{cost}, borne.{cost}
from (
    select tenant_id, sum({cost}) as {cost} from marts.chargeback_monthly group by 1
) as month
full join (
    select tenant_id, sum({cost}) as {cost} from marts.fct_allocated_cost_monthly group by 1
) as borne using (tenant_id)
"""


def requests(path: Path) -> Iterator[tuple[object, ...]]:
    """Every day of October another fortieth of the trace, by turns."""
    with gzip.open(path, "rt", newline="") as file:
        for n, (request, seconds, model, client, given, made) in enumerate(
            list(csv.reader(file))[1:]
        ):
            day = FIRST + timedelta(n % EVERY)
            if day < AFTER:
                number = int(client.rpartition("-")[2])
                moment = at(day, 0) + timedelta(seconds=float(seconds))
                yield (
                    an_id(request), an_id(model), project(model, number) if number % 9 else None,
                    "openai", MODELS[model], given, made,
                    "nightly" if number % 5 == 0 else "production",
                    "search" if number % 3 == 0 else "chat", moment, moment,
                    an_id(f"user {number % 7}"), f'{{"job": "{n // EVERY % 4}"}}',
                )  # fmt: skip


def project(tenant: str, number: int) -> UUID:
    return an_id(f"{tenant} project {number}")


@pytest.fixture
def month(source: SourceTables, warehouse: Warehouse, data_dir: Path) -> Warehouse:
    """October, published by one run."""
    then = {"created_at": at(FIRST, 0), "updated_at": at(FIRST, 0)}
    for tenant in MODELS:
        organization = {"organization_id": an_id(tenant), **then}
        source.add("organizations", id=an_id(tenant), name=tenant, billing_currency="USD", **then)
        for n in range(TEAMS):
            source.add(
                "teams", id=team(tenant, n), name=f"{tenant} {n}", cost_center=f"CC-{n}",
                **organization,
            )  # fmt: skip
        for n in range(70):
            source.add(
                "projects", id=project(tenant, n), name=f"client {n}",
                team_id=team(tenant, n % TEAMS), **organization,
            )  # fmt: skip
    with (
        psycopg.connect(source.url) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"copy public.token_usage ({', '.join(COLUMNS)}) from stdin") as sink,
    ):
        for row in requests(data_dir / "traces/servegen/derived_requests_1day.csv.gz"):
            sink.write_row(row)
    pipeline.run_window("supabase", Window.of_day(FIRST - timedelta(days=1)), trigger="test")
    load_rules(STEP_DOWN)
    load_rules(RECIPROCAL)
    load_charges(CHARGES)
    pipeline.run_window("supabase", Window(at(FIRST, 0), at(AFTER, 0)), trigger="test")
    return warehouse


def test_month_by_rules_of_every_kind_is_borne_to_the_last_digit(month: Warehouse) -> None:
    assert month.value("select sum(request_count) from marts.usage_by_tenant_daily") > 250_000  # type: ignore[operator]
    for cost in ("list_cost", "contracted_cost", "effective_cost", "billed_cost"):
        sums = month.rows(PER_TENANT.format(cost=cost))
        assert len(sums) == len(MODELS)
        assert all(charged == borne for _, charged, borne in sums), sums
    held = {
        pool: (status, days)
        for pool, status, days in month.rows(
            "select pool, string_agg(distinct allocation_status, ','), count(distinct charge_date)"
            " from marts.fct_allocated_cost_daily group by pool"
        )
    }
    assert held == {
        "direct": ("direct", 31),
        "seats": ("allocated", 31),
        "support": ("allocated,held", 31),
        "robot": ("allocated", 31),
        "jobs": ("unallocated", 31),
        "platform": ("allocated", 31),
        "nightly": ("allocated", 31),
        "untagged": ("unallocated", 31),
        "search": ("allocated", 31),
    }
    # A thousand for 61 days, of which 31; invoiced as a whole; less what was taken off.
    effective, billed = month.rows(
        "select sum(effective_cost), sum(billed_cost) from marts.fct_usage_cost_daily"
        " where pricing_status = 'charged'"
    )[0]
    assert billed == Decimal("1087.69")
    assert abs(Decimal(str(effective)) - (1000 * Decimal(31) / 61 + Decimal("87.69"))) < Decimal(
        "1e-20"
    )
