"""One night through dbt equals an independent computation in exact decimals, mart by mart."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from meterr_etl.contract.columns import LEAVES

INPUTS, OUTPUTS = ([column for _, column in LEAVES[a:b]] for a, b in ((0, 6), (6, 9)))
COSTS = ("list_cost", "contracted_cost", "effective_cost", "billed_cost")
TENANT = ("tenant_id", "tenant_name")
WHERE = ("cost_center", "environment", "feature")
OWNER = (*TENANT, "team_id", "team_name", "project_id", "project_name", *WHERE)
CUBE_KEY = (
    "charge_date", *OWNER, "provider", "model", "region", "service_tier", "processing_mode",
    "token_type", "rate_id", "pricing_status", "list_unit_price", "billing_currency",
    "contract_term", "contracted_unit_price",
)  # fmt: skip
ROLL_UPS = {
    "usage_by_team_daily": (*TENANT, "team_id", "team_name", "cost_center"),
    "usage_by_model_daily": (*TENANT, "provider", "model"),
    "usage_by_user_daily": (*TENANT, "user_id", "team_id", "team_name"),
    "usage_by_feature_daily": (*TENANT, "feature", "environment"),
    "usage_by_environment_daily": (*TENANT, "environment"),
    "usage_by_tenant_daily": TENANT,
    "usage_by_hour": (*TENANT, "charge_hour_at", "team_id", "team_name"),
}


class Oracle:
    """The rules of DESIGN §8 and §14, row by row and without SQL; shares no code with dbt."""

    def __init__(self, night):
        def read(table):
            return night.rows(f"select * from candidate_s1.{table}")

        self.rates = read("rates")
        self.rate_keys = {row["sku_key"]: row for row in read("sku_rate_keys")}
        self.skus = {row["sku_key"]: row for row in read("skus")}
        self.members = {
            (table, row["organization_id"], row["id"]): row
            for table in ("teams", "projects", "users", "api_keys")
            for row in read(table)
        }
        self.organizations = {row["id"]: row for row in read("organizations")}
        self.owners = {row["owner_key"]: self.charged(row) for row in read("owners")}
        self.events = [
            event
            for event in read("affected_events")
            if self.skus[event["sku_key"]]["accounting_role"] == "leaf"
        ]
        self.lines = [line for event in self.events for line in self.lines_of(event)]

    def charged(self, owner):
        tenant = owner["tenant_id"]

        def member(table, key, field):
            return (self.members.get((table, tenant, key)) or {}).get(field)

        project = owner["project_id"] or member("api_keys", owner["api_key_id"], "project_id")
        team = member("projects", project, "team_id") or member(
            "users", owner["user_id"], "team_id"
        )
        return {
            "tenant_id": tenant,
            "tenant_name": (self.organizations.get(tenant) or {}).get("name"),
            "team_id": team or "unassigned",
            "team_name": member("teams", team, "name") if team else "Unassigned",
            "project_id": project or "unassigned",
            "project_name": member("projects", project, "name") if project else "Unassigned",
            "cost_center": member("teams", team, "cost_center") or "unassigned",
            **{
                field: owner[field] or "unassigned"
                for field in ("user_id", "api_key_id", "environment", "feature")
            },
        }

    def lines_of(self, event):
        sku, key = self.skus[event["sku_key"]], self.rate_keys[event["sku_key"]]
        total_input = sum(event[column] or 0 for column in INPUTS)
        passed = [t for t in key["context_thresholds"] or () if total_input > t]
        quantities = {token_type: event[column] for token_type, column in LEAVES}
        quantities |= event["extra_units"] or {}
        for token_type, quantity in quantities.items():
            if token_type != "request" and not quantity:
                continue
            rate = self.rate(event, sku, key, token_type, max(passed, default=0))
            is_free = sku["is_gateway_cache_hit"] or token_type == "request"
            owner = self.owners[event["owner_key"]]
            price = rate["unit_price"] if rate else None
            price, contracted, term, currency = contract_price(
                owner["tenant_id"], event["event_date"], token_type, price
            )
            yield {
                **owner,
                "charge_date": event["event_date"],
                "charge_hour_at": event["event_at"].replace(minute=0, second=0, microsecond=0),
                "provider": sku["provider"],
                "model": key["model_id"] or sku["model"],
                "region": sku["region"] or "unassigned",
                "service_tier": sku["service_tier"] or "default",
                "processing_mode": sku["processing_mode"],
                "token_type": token_type,
                "rate_id": rate["rate_id"] if rate else None,
                "list_unit_price": price,
                "pricing_status": "priced" if rate else "not_billed" if is_free else "unpriced",
                "billing_currency": currency,
                "contract_term": term,
                "contracted_unit_price": contracted,
                "quantity": Decimal(str(quantity)),
                "cost": Decimal(str(quantity)) * price if rate else None,
                "contracted": Decimal(str(quantity)) * contracted if rate else None,
                "reason": key["unpriceable_reason"] or "no_rate",
                "event_key": event["event_key"],
            }

    def rate(self, event, sku, key, token_type, context):
        if sku["is_gateway_cache_hit"] or key["unpriceable_reason"]:
            return None
        wanted = (
            key["provider_id"], key["model_id"], token_type, sku["processing_mode"],
            key["rate_service_tier"], context,
        )  # fmt: skip
        fitting = [
            rate
            for rate in self.rates
            if wanted == (
                rate["provider_id"], rate["model_id"], rate["token_type"],
                rate["processing_mode"], rate["service_tier"], rate["context_above_tokens"],
            )
            and rate["valid_from"] <= event["event_date"]
            and (rate["valid_to"] is None or event["event_date"] < rate["valid_to"])
        ]  # fmt: skip
        assert len(fitting) <= 1
        return fitting[0] if fitting else None


def contract_price(tenant, day, token_type, price):
    """List price, contracted price, term and currency, as night.sql's one contract says."""
    if tenant != "other":
        return price, price, None, "USD"
    exchange = Decimal("0.91") if day.day < 16 else Decimal("0.9173")
    if price is None:
        return None, None, None, "EUR"
    if token_type == "output":
        return price * exchange, Decimal("0.0000075") * exchange, "output", "EUR"
    if day.day < 16:
        return price * exchange, price * exchange, None, "EUR"
    return price * exchange, price * exchange * Decimal("0.875"), "rest", "EUR"


@pytest.fixture(scope="module")
def oracle(night) -> Oracle:
    return Oracle(night)


def grouped(lines, key):
    groups = defaultdict(list)
    for line in lines:
        groups[tuple(line[column] for column in key)].append(line)
    return groups


def total_costs(lines):
    priced = [line for line in lines if line["cost"] is not None]
    contracted = sum(line["contracted"] for line in priced) if priced else None
    return {
        **dict.fromkeys(COSTS, contracted),
        "list_cost": sum(line["cost"] for line in priced) if priced else None,
    }


def tokens(lines, columns):
    types = {token_type for token_type, column in LEAVES if column in columns}
    return sum(line["quantity"] for line in lines if line["token_type"] in types)


def measures(lines):
    unpriced = [line for line in lines if line["pricing_status"] == "unpriced"]
    return {
        "request_count": tokens(lines, ("request_count",)),
        "input_tokens": tokens(lines, INPUTS),
        "output_tokens": tokens(lines, OUTPUTS),
        "cache_read_tokens": tokens(lines, ("cache_read_tokens",)),
        "total_tokens": tokens(lines, INPUTS + OUTPUTS),
        "unpriced_tokens": tokens(unpriced, INPUTS + OUTPUTS),
        **total_costs(lines),
    }


def by_key(rows, key):
    found = {tuple(row.pop(column) for column in key): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_night_is_built_and_passes_its_unit_and_data_tests(night):
    assert night.code == 0, night.said
    assert "ERROR=0 SKIP=0" in night.said
    assert night.said.count(" PASS ") > 30


def test_cube_holds_every_price_line_exactly(night, oracle):
    expected = {
        key: {"consumed_quantity": sum(line["quantity"] for line in lines)} | total_costs(lines)
        for key, lines in grouped(oracle.lines, CUBE_KEY).items()
    }
    cube = night.rows("select * from candidate_s1.fct_usage_cost_daily")
    assert by_key(cube, CUBE_KEY) == expected


def test_owner_mart_has_token_types_in_columns(night, oracle):
    key = ("charge_date", *OWNER, "user_id", "api_key_id", "provider", "model", "billing_currency")
    expected = {}
    for group, lines in grouped(oracle.lines, key).items():
        wide = measures(lines)
        del wide["input_tokens"]
        wide |= {column: tokens(lines, (column,)) for _, column in LEAVES}
        expected[group] = wide
    rows = night.rows("select * from candidate_s1.fct_usage_by_owner_daily")
    assert by_key(rows, key) == expected


@pytest.mark.parametrize("mart", ROLL_UPS)
def test_roll_up_sums_the_same_lines(night, oracle, mart):
    key = ("charge_date", *ROLL_UPS[mart], "billing_currency")
    expected = {group: measures(lines) for group, lines in grouped(oracle.lines, key).items()}
    assert by_key(night.rows(f"select * from candidate_s1.{mart}"), key) == expected


def test_unpriced_usage_lists_quantities_and_reasons(night, oracle):
    key = ("charge_date", "tenant_id", "tenant_name", "provider", "model", "token_type")
    unpriced = [line for line in oracle.lines if line["pricing_status"] == "unpriced"]
    expected = {
        group: {
            "consumed_quantity": sum(line["quantity"] for line in lines),
            "reason": ", ".join(sorted({line["reason"] for line in lines})),
        }
        for group, lines in grouped(unpriced, key).items()
    }
    assert by_key(night.rows("select * from candidate_s1.unpriced_usage_daily"), key) == expected


def test_free_model_costs_nothing_and_unknown_model_has_no_cost(night):
    costs = {
        row["model"]: row["cost"]
        for row in night.rows(
            "select model, sum(list_cost) as cost from candidate_s1.fct_usage_cost_daily"
            " where token_type = 'output' and model in ('sonar', 'llama-at-home') group by model"
        )
    }
    assert costs == {"sonar": 0, "llama-at-home": None}


def test_tables_hold_what_their_contracts_describe(night, models):
    rows = night.rows(
        "select table_name, array_agg(column_name::text order by ordinal_position) as columns"
        " from information_schema.columns where table_schema = 'candidate_s1' group by table_name"
    )
    found = {row["table_name"]: row["columns"] for row in rows}
    assert len(built := {n: m for n, m in models.items() if n in found}) > 14
    assert {n: found[n] for n in built} == {n: list(m["columns"]) for n, m in built.items()}


def test_everything_that_dbt_builds_in_a_candidate_is_an_unlogged_table(night):
    kinds = night.rows(
        "select distinct relkind::text || relpersistence::text as kind from pg_class"
        " where relnamespace = 'candidate_s1'::regnamespace and relkind in ('r', 'v', 'm')"
        " and relname ~ '^(int|fct|usage|unpriced)_'"
    )
    assert kinds == [{"kind": "ru"}]
