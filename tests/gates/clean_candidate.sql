-- What the night builds of it: the inputs, the marts, and what stood before.
create view affected_events as
select e.* from staging.token_events as e
where
    e.event_date = any ('{2026-11-13}'::date[])
    and not exists (select from staging.superseded__RUN as s where s.event_key = e.event_key)
union all
select * from staging.batch__RUN;
create view owners as
select * from staging.owners union all select * from staging.batch_owners__RUN;
create view skus as select * from staging.skus union all select * from staging.batch_skus__RUN;
create table sku_rate_keys as
select sku_key, provider as provider_id, case when sku_key < 30 then model end as model_id
from skus;

create table charge_parts (
    charge_date date, tenant_id text, used_cost numeric, billed_cost numeric, currency text
);

create table allocation_pools (
    tenant_id text, pool text, valid_from date, valid_to date, period text
);
create table published_pools (
    charge_date date, tenant_id text, pool text, billing_currency text, effective_cost numeric
);
create table affected_days as
select d.event_date from ops.run_days as d where d.run_id = 'RUN';

create table fct_usage_cost_daily as
select
    e.event_date as charge_date,
    o.tenant_id,
    k.provider,
    k.model,
    'unassigned' as region,
    'default' as service_tier,
    k.processing_mode,
    v.token_type,
    case when v.price is not null then k.model || ' ' || v.token_type end as rate_id,
    case when v.price is not null then 'priced' when v.token_type = 'request' then 'not_billed'
    else 'unpriced' end as pricing_status,
    sum(v.quantity)::numeric as consumed_quantity,
    v.price as list_unit_price,
    v.price as contracted_unit_price,
    null::text as contract_term,
    sum(v.quantity) * v.price as list_cost,
    sum(v.quantity) * v.price as contracted_cost,
    sum(v.quantity) * v.price as effective_cost,
    sum(v.quantity) * v.price as billed_cost,
    'USD' as billing_currency
from affected_events as e
inner join owners as o using (owner_key)
inner join skus as k using (sku_key)
cross join lateral (values
    ('uncached_input', e.uncached_input_tokens, case k.sku_key when 10 then 0.000002 end),
    ('output', e.output_tokens, case k.sku_key when 10 then 0.00001 end),
    ('request', e.request_count, null)
) as v (token_type, quantity, price)
where k.accounting_role = 'leaf'
group by 1, 2, 3, 4, 7, 8, 9, 10, 12;

create table fct_usage_by_owner_daily as
select
    charge_date, tenant_id, billing_currency,
    sum(consumed_quantity) filter (where token_type = 'request') as request_count,
    sum(consumed_quantity) filter (where token_type = 'uncached_input') as uncached_input_tokens,
    0::numeric as cache_read_tokens, 0::numeric as cache_write_tokens,
    0::numeric as cache_write_5m_tokens, 0::numeric as cache_write_1h_tokens,
    0::numeric as input_audio_tokens,
    sum(consumed_quantity) filter (where token_type = 'output') as output_tokens,
    0::numeric as reasoning_tokens, 0::numeric as output_audio_tokens,
    sum(consumed_quantity) filter (where token_type <> 'request') as total_tokens,
    coalesce(sum(consumed_quantity) filter (where pricing_status = 'unpriced'), 0)
        as unpriced_tokens,
    sum(list_cost) as list_cost, sum(contracted_cost) as contracted_cost,
    sum(effective_cost) as effective_cost, sum(billed_cost) as billed_cost
from fct_usage_cost_daily
group by 1, 2, 3;

create table usage_by_team_daily as
select
    charge_date, tenant_id, billing_currency, request_count,
    uncached_input_tokens as input_tokens, output_tokens, cache_read_tokens, total_tokens,
    unpriced_tokens, list_cost, contracted_cost, effective_cost, billed_cost
from fct_usage_by_owner_daily;
create table usage_by_model_daily as select * from usage_by_team_daily;
create table usage_by_user_daily as select * from usage_by_team_daily;
create table usage_by_feature_daily as select * from usage_by_team_daily;
create table usage_by_environment_daily as select * from usage_by_team_daily;
create table usage_by_tenant_daily as select * from usage_by_team_daily;
create table usage_by_hour as select * from usage_by_team_daily;
create table fct_allocated_cost_daily as
select
    charge_date, tenant_id, 'direct' as pool, 'direct' as allocation_status, billing_currency,
    list_cost, contracted_cost, effective_cost, billed_cost
from usage_by_team_daily;
create table fct_pooled_cost_daily as
select
    charge_date, tenant_id, 'direct' as pool, billing_currency, list_cost, contracted_cost,
    effective_cost, billed_cost
from usage_by_team_daily;

grant usage on schema candidate_RUN to meterr_loader, meterr_publisher;
grant select on all tables in schema candidate_RUN to meterr_loader, meterr_publisher;

-- what is published of the days before
reset search_path;
set role meterr_publisher;
create table if not exists marts.usage_by_team_daily (
    charge_date date not null, tenant_id text, tenant_name text, team_id text, team_name text,
    cost_center text, request_count bigint, input_tokens numeric, output_tokens numeric,
    cache_read_tokens numeric, total_tokens numeric, unpriced_tokens numeric, list_cost numeric,
    contracted_cost numeric, effective_cost numeric, billed_cost numeric, billing_currency text
);
insert into marts.usage_by_team_daily (
    charge_date, tenant_id, tenant_name, team_id, team_name, cost_center, request_count,
    input_tokens, output_tokens, cache_read_tokens, total_tokens, unpriced_tokens,
    list_cost, contracted_cost, effective_cost, billed_cost, billing_currency
)
select
    d, 'tenant-a', 'A', 'unassigned', 'Unassigned', 'unassigned', 25,
    25000, 2500, 0, 27500, 0, 0.075, 0.075, 0.075, 0.075, 'USD'
from generate_series(date '2026-11-10', '2026-11-13', '1 day') as d;
create table if not exists marts.usage_by_model_daily (
    charge_date date not null, tenant_id text, tenant_name text, provider text, model text,
    request_count bigint, input_tokens numeric, output_tokens numeric,
    cache_read_tokens numeric, total_tokens numeric, unpriced_tokens numeric, list_cost numeric,
    contracted_cost numeric, effective_cost numeric, billed_cost numeric, billing_currency text
);
insert into marts.usage_by_model_daily (
    charge_date, tenant_id, tenant_name, provider, model, request_count, input_tokens,
    output_tokens, cache_read_tokens, total_tokens, unpriced_tokens, list_cost,
    contracted_cost, effective_cost, billed_cost, billing_currency
)
select
    u.charge_date, u.tenant_id, u.tenant_name, 'openai', 'gpt-known', u.request_count,
    u.input_tokens, u.output_tokens, u.cache_read_tokens, u.total_tokens, u.unpriced_tokens,
    u.list_cost, u.contracted_cost, u.effective_cost, u.billed_cost, u.billing_currency
from marts.usage_by_team_daily as u;
reset role;
