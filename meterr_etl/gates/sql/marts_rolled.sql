-- Each roll-up per day, tenant and currency.
select
    'fct_usage_by_owner_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    coalesce(sum(r.uncached_input_tokens), 0)
    + coalesce(sum(r.cache_read_tokens), 0)
    + coalesce(sum(r.cache_write_tokens), 0)
    + coalesce(sum(r.cache_write_5m_tokens), 0)
    + coalesce(sum(r.cache_write_1h_tokens), 0)
    + coalesce(sum(r.input_audio_tokens), 0) as input_tokens,
    coalesce(sum(r.output_tokens), 0)
    + coalesce(sum(r.reasoning_tokens), 0)
    + coalesce(sum(r.output_audio_tokens), 0) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_owner} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_team_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_team} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_model_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_model} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_user_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_user} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_feature_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_feature} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_environment_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_environment} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_tenant_daily' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_tenant} as r
group by r.charge_date, r.tenant_id, r.billing_currency
union all
select
    'usage_by_hour' as mart,
    r.charge_date,
    r.tenant_id,
    r.billing_currency,
    sum(r.request_count) as request_count,
    sum(r.input_tokens) as input_tokens,
    sum(r.output_tokens) as output_tokens,
    sum(r.cache_read_tokens) as cache_read_tokens,
    sum(r.total_tokens) as total_tokens,
    sum(r.unpriced_tokens) as unpriced_tokens,
    sum(r.list_cost) as list_cost,
    sum(r.contracted_cost) as contracted_cost,
    sum(r.effective_cost) as effective_cost,
    sum(r.billed_cost) as billed_cost
from {by_hour} as r
group by r.charge_date, r.tenant_id, r.billing_currency
