"""What analysts ask, each in the plain SQL that they would write against `marts`.

October 2026 is the last whole month of the history, 14 November its last day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MONTH = "billing_month = '2026-10-01'"
DAYS = "charge_date between '2026-10-01' and '2026-10-31'"
YESTERDAY = "charge_date = '2026-11-14'"


@dataclass(frozen=True)
class Question:
    """One query; `reader` is whose login asks, `{tenant}` in the text the tenant it asks about.

    The aim of milliseconds is for what roll-ups answer; `on_events` marks what reads single events.
    """

    name: str
    reader: Literal["tenant", "company"]
    text: str
    on_events: bool = False


QUESTIONS = (
    Question(
        "chargeback of a month by team", "tenant",
        "select team_name, cost_center, effective_cost from marts.chargeback_monthly"
        f" where {MONTH} order by effective_cost desc nulls last",
    ),
    Question(
        "ninety days of one tenant", "tenant",
        "select charge_date, effective_cost, total_tokens from marts.usage_by_tenant_daily"
        " where charge_date > date '2026-11-14' - 90 order by charge_date",
    ),
    Question(
        "top users of a month", "tenant",
        "select user_id, team_name, effective_cost from marts.usage_by_user_monthly"
        f" where tenant_id = '{{tenant}}' and {MONTH}"
        " order by effective_cost desc nulls last limit 20",
    ),
    Question(
        "top models of a month", "tenant",
        "select provider, model, effective_cost from marts.usage_by_model_monthly"
        f" where {MONTH} order by effective_cost desc nulls last limit 10",
    ),
    Question(
        "a tenant's hours of yesterday", "tenant",
        "select charge_hour_at, sum(request_count) as requests, sum(effective_cost) as cost"
        f" from marts.usage_by_hour where {YESTERDAY} group by charge_hour_at"
        " order by charge_hour_at",
    ),
    Question(
        "cache share by feature", "tenant",
        "select feature, sum(cache_read_tokens) / nullif(sum(input_tokens), 0) as cache_share"
        f" from marts.usage_by_feature_monthly where {MONTH} group by feature"
        " order by cache_share desc nulls last",
    ),
    Question(
        "cost per environment, day by day", "tenant",
        "select charge_date, environment, effective_cost"
        f" from marts.usage_by_environment_daily where {DAYS}"
        " order by charge_date, environment",
    ),
    Question(
        "unpriced usage of a month", "tenant",
        "select provider, model, token_type, sum(consumed_quantity) as quantity,"
        f" max(reason) as reason from marts.unpriced_usage_daily where {DAYS}"
        " group by provider, model, token_type order by quantity desc",
    ),
    Question(
        "requests and cost per 1,000 tokens", "tenant",
        "select model, sum(request_count) as requests,"
        " 1000 * sum(effective_cost) / nullif(sum(total_tokens - unpriced_tokens), 0) as per_1k"
        f" from marts.usage_by_model_daily where {DAYS} group by model order by requests desc",
    ),
    Question(
        "month over month by cost center", "tenant",
        "select cost_center, billing_month, sum(effective_cost) as cost"
        " from marts.chargeback_monthly where billing_month in ('2026-09-01', '2026-10-01')"
        " group by cost_center, billing_month order by cost_center, billing_month",
    ),
    Question(
        "one user's days", "tenant",
        "select charge_date, effective_cost from marts.usage_by_user_daily"
        f" where {DAYS} and user_id = (select user_id from marts.usage_by_user_monthly"
        f" where tenant_id = '{{tenant}}' and {MONTH}"
        " order by effective_cost desc nulls last limit 1) order by charge_date",
    ),
    Question(
        "all tenants by cost center", "company",
        "select tenant_name, cost_center, sum(effective_cost) as cost"
        f" from marts.chargeback_monthly where {MONTH} group by tenant_name, cost_center"
        " order by cost desc nulls last",
    ),
    Question(
        "the company's ninety days", "company",
        "select charge_date, sum(effective_cost) as cost, sum(total_tokens) as tokens"
        " from marts.usage_by_tenant_daily where charge_date > date '2026-11-14' - 90"
        " group by charge_date order by charge_date",
    ),
    Question(
        "the company's top models", "company",
        "select provider, model, sum(effective_cost) as cost from marts.usage_by_model_monthly"
        f" where {MONTH} group by provider, model order by cost desc nulls last limit 10",
    ),
    Question(
        "the company's cost per environment", "company",
        "select environment, sum(effective_cost) as cost from marts.usage_by_feature_monthly"
        f" where {MONTH} group by environment order by cost desc nulls last",
    ),
    Question(
        "top users of one tenant, asked by the company", "company",
        "select user_id, team_name, effective_cost from marts.usage_by_user_monthly"
        f" where tenant_id = '{{tenant}}' and {MONTH}"
        " order by effective_cost desc nulls last limit 20",
    ),
    Question(
        "may these days be trusted", "company",
        "select charge_date, is_complete, late_share, dead_share from marts.day_status"
        f" where {DAYS} order by charge_date",
    ),
    Question(
        "the company's top users", "company",
        "select tenant_name, user_id, effective_cost from marts.usage_by_user_monthly"
        f" where {MONTH} order by effective_cost desc nulls last limit 20",
    ),
    Question(
        "the 20 dearest events of a model on a day", "tenant",
        "select source_event_id, event_at, project_id, list_cost from marts.token_events_priced"
        f" where {YESTERDAY} and model = 'model-03' order by list_cost desc nulls last limit 20",
        on_events=True,
    ),
)  # fmt: skip
