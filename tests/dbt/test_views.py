"""What readers see over the published marts: sums that hold, own tenants only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

from meterr_etl.contract.columns import LEAVES

DAYS = ("2026-11-15", "2026-11-16")


@pytest.fixture(scope="module")
def published(night, models) -> None:
    """The candidate's rows in the published marts, as a publish would put them there."""
    with psycopg.connect(night.url) as connection:
        connection.execute("create role meterr_test_dbt_reader in role meterr_analyst")
        for name, model in models.items():
            if model["fqn"][1] != "marts":
                continue
            if model["config"]["meta"]["published"]["partition_by_day"]:
                for day in DAYS:
                    connection.execute(
                        f"create table if not exists marts.{name}_{day.replace('-', '')}"
                        f" partition of marts.{name} for values in ('{day}')"
                    )
            connection.execute(f"insert into marts.{name} select * from candidate_s1.{name}")
        for mart in connection.execute(
            "select name, columns, replace(derivation, '{daily}', 'marts.' || daily_mart)"
            " from ops.published_marts where derivation is not null"
        ).fetchall():
            name, columns, query = mart
            listed = ", ".join(columns)
            connection.execute(
                f"insert into marts.{name} ({listed}) select {listed} from ({query})"
            )
        # November is closed, with nothing billed; its 15th was published again since.
        connection.execute(
            "insert into ops.billed_days values ('2026-11-01', '2026-11-15', 1, 1, 0, ''),"
            " ('2026-11-01', '2026-11-16', 1, 1, 0, ''); insert into ops.closed_periods values"
            " ('2026-11-01', now(), '', 0, '', 1, '{}', '', '', null, '')"
        )
    yield
    with psycopg.connect(night.url) as connection:
        connection.execute("delete from ops.reader_tenants")
        connection.execute("drop role meterr_test_dbt_reader")


@pytest.fixture
def reads(night, published):
    """Answers a query as an analyst of the named tenants."""

    @contextmanager
    def analyst(tenants: tuple[str, ...]) -> Iterator[psycopg.Connection]:
        with psycopg.connect(night.url, row_factory=dict_row) as connection:
            for tenant in tenants:
                connection.execute(
                    "insert into ops.reader_tenants values ('meterr_test_dbt_reader', %s)",
                    [tenant],
                )
            connection.execute("set role meterr_test_dbt_reader")
            yield connection
            connection.rollback()

    def answer(query: str, *tenants: str) -> list[dict]:
        with analyst(tenants or ("*",)) as connection:
            return connection.execute(query).fetchall()

    return answer


def test_priced_events_add_up_to_the_cube_to_the_last_digit(reads):
    grain = "charge_date, tenant_id, provider, model, region, service_tier, processing_mode"
    query = "select {}, sum(list_cost) as cost from marts.{} group by {} order by {}"
    cube = reads(query.format(grain, "fct_usage_cost_daily", grain, grain))
    events = reads(
        query.format(grain, "token_events_priced where accounting_role = 'leaf'", grain, grain)
    )
    assert len(cube) > 10
    assert events == cube


def test_priced_events_are_the_published_events(reads):
    priced, published = (
        reads(f"select count(*) as events, sum(request_count) as requests from {table}")
        for table in ("marts.token_events_priced", "staging.published_events")
    )
    assert priced == published
    assert priced[0]["events"] == 415


@pytest.mark.parametrize(
    ("minute", "tier", "rates", "cost"),
    [
        ("30", 0, ["c-out", "c-in"], "0.600072"),
        ("31", 0, ["c-5m", "c-out", "c-in", "c-search"], "0.620825"),
        ("32", 200000, ["c-5m-200k", "c-out-200k", "c-in-200k"], "1.2016185"),
    ],
    ids=["one below the threshold", "at the threshold", "one above"],
)
def test_event_shows_its_context_tier_and_rates(reads, minute, tier, rates, cost):
    (event,) = reads(
        "select context_above_tokens, rate_ids, list_cost from marts.token_events_priced"
        f" where event_at = '2026-11-16 10:{minute}+00' and session_id is null"
        " and owner_key = 103 and sku_key = 203"
    )
    assert event["context_above_tokens"] == tier
    assert event["rate_ids"] == rates
    assert event["list_cost"] == Decimal(cost)


def test_event_without_rates_says_what_is_unpriced(reads):
    (event,) = reads(
        "select list_cost, rate_ids, unpriced_token_types, model from marts.token_events_priced"
        " where sku_key = 204 and event_at = '2026-11-16 11:00+00'"
    )
    assert event == {
        "list_cost": None,
        "rate_ids": None,
        "unpriced_token_types": ["output", "uncached_input"],
        "model": "llama-at-home",
    }


def test_view_lists_every_leaf(models):
    columns = list(models["token_events_priced"]["columns"])
    assert [column for _, column in LEAVES if column not in columns] == []


def test_chargeback_of_the_month_is_the_sum_of_its_days(reads):
    monthly = reads(
        "select billing_month, sum(total_tokens) as tokens, sum(billed_cost) as cost"
        " from marts.chargeback_monthly group by billing_month"
    )
    cube = reads(
        "select sum(consumed_quantity) filter (where token_type like any"
        " (array['%input', '%output', 'cache%', 'reasoning', '%audio'])) as tokens,"
        " sum(billed_cost) as cost from marts.fct_usage_cost_daily"
    )
    assert monthly == [{"billing_month": date(2026, 11, 1), **cube[0]}]


def test_users_month_is_the_sum_of_its_days(reads):
    query = (
        "select user_id, team_id, sum(list_cost) as cost from marts.{} group by 1, 2 order by 1, 2"
    )
    assert reads(query.format("usage_by_user_monthly")) == reads(
        query.format("usage_by_user_daily")
    )


@pytest.mark.parametrize(
    "view",
    [
        "chargeback_monthly",
        "usage_by_user_monthly",
        "token_events_priced",
        "billing_corrections",
        "billed_costs_monthly",
        "focus_cost_and_usage as f (cost, tenant_id)",
        "dim_tenant",
        "dim_team",
        "dim_project",
        "dim_cost_center",
    ],
)
def test_reader_sees_only_their_tenants(reads, view):
    query = f"select distinct tenant_id from marts.{view}"
    assert [row["tenant_id"] for row in reads(query, "other")] == ["other"]
    assert reads(query, "nobody") == []


def test_every_view_answers_every_reader(reads, models):
    for name, model in models.items():
        if model["fqn"][1] == "views":
            assert reads(f"select * from marts.{name} limit 1"), name


def test_views_run_as_their_reader_except_the_status_of_days(night, published):
    own_rights = night.rows(
        "select relname from pg_class where relnamespace = 'marts'::regnamespace"
        " and relkind = 'v' and not coalesce('security_invoker=true' = any(reloptions), false)"
    )
    assert [row["relname"] for row in own_rights] == ["day_status"]


def test_status_says_published_complete_and_shares(reads):
    status = reads(
        "select charge_date, is_published, is_complete, version, late_share, dead_share"
        " from marts.day_status order by charge_date",
        "nobody",
    )
    assert [tuple(day.values()) for day in status] == [
        (date(2026, 11, 15), True, True, 2, Decimal("0.25"), Decimal("0.005")),
        (date(2026, 11, 16), True, True, 1, Decimal(0), Decimal(0)),
        (date(2026, 11, 17), False, False, None, None, None),
    ]


def test_day_is_incomplete_while_a_source_has_a_hole_in_it(night, published):
    with psycopg.connect(night.url) as connection:
        connection.execute(
            "insert into ops.runs (run_id, source, window_start, window_end, trigger)"
            " values ('dbtnight4', 'litellm', '2026-11-16 00:00+00', '2026-11-17 00:00+00', 'test')"
        )
        complete = connection.execute(
            "select array_agg(is_complete order by charge_date) from marts.day_status"
        ).fetchone()
        connection.rollback()
    assert complete == ([True, False, False],)


def test_dimensions_show_the_latest_sight_and_unknown_tenants(reads):
    tenants = reads("select tenant_id, tenant_name from marts.dim_tenant order by 1")
    assert [tuple(t.values()) for t in tenants] == [
        ("acme", "Acme"), ("newcomer", None), ("other", "Other"),
    ]  # fmt: skip
    centers = reads("select tenant_id, cost_center from marts.dim_cost_center order by 1, 2")
    assert [tuple(c.values()) for c in centers] == [
        ("acme", "CC1"), ("acme", "unassigned"), ("newcomer", "unassigned"), ("other", "CC9"),
    ]  # fmt: skip


def test_models_say_whether_they_are_priced(reads):
    models = {row["model"]: row["is_priced"] for row in reads("select * from marts.dim_model")}
    assert models == {"gpt-4o": True, "claude-4": True, "sonar": True, "llama-at-home": False}


def test_views_carry_their_descriptions(night, models, published):
    described = night.rows(
        "select c.relname, obj_description(c.oid) as said from pg_class as c"
        " where c.relnamespace = 'marts'::regnamespace and c.relkind = 'v'"
    )
    assert len(described) > 8
    for view in described:
        assert view["said"] == models[view["relname"]]["description"].strip()


def test_docs_are_one_file_that_needs_no_network(night, published):
    code, said = night.dbt("docs", "generate", "--static", url=night.url, target="published")
    assert code == 0, said
    page = (night.dbt.folder / "published" / "static_index.html").read_text()
    assert "fct_usage_cost_daily" in page
    assert len(page) > 1_000_000
