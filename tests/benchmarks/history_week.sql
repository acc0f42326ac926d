-- The daily marts of each weekday, as schema `history` has them: `weekday` stands for charge_date.
create unlogged table history.owners as
select
    k.*,
    t.tenant_id,
    t.tenant_name,
    m.team_id,
    m.team_name,
    m.cost_center
from history.keys as k
inner join history.tenants as t using (tenant_no)
inner join history.teams as m using (team_no);
analyze history.owners;

create unlogged table history.usage_by_team_daily as
select u.weekday, o.tenant_id, o.tenant_name, o.team_id, o.team_name, o.cost_center, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3, 4, 5, 6;

create unlogged table history.usage_by_user_daily as
select u.weekday, o.tenant_id, o.tenant_name, o.user_id, o.team_id, o.team_name, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3, 4, 5, 6;

create unlogged table history.usage_by_model_daily as
select u.weekday, o.tenant_id, o.tenant_name, m.provider, m.model, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
inner join history.models as m using (sku_key)
group by 1, 2, 3, 4, 5;

create unlogged table history.usage_by_feature_daily as
select u.weekday, o.tenant_id, o.tenant_name, u.feature, o.environment, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3, 4, 5;

create unlogged table history.usage_by_environment_daily as
select u.weekday, o.tenant_id, o.tenant_name, o.environment, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3, 4;

create unlogged table history.usage_by_tenant_daily as
select u.weekday, o.tenant_id, o.tenant_name, ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3;

create unlogged table history.usage_by_hour as
select
    u.weekday,
    u.hour * interval '1 hour' as charge_hour_at,
    o.tenant_id,
    o.tenant_name,
    o.team_id,
    o.team_name,
    ::measures::
from history.usage as u
inner join history.owners as o using (key_no)
group by 1, 2, 3, 4, 5, 6;

create unlogged table history.unpriced_usage_daily as
select
    u.weekday,
    o.tenant_id,
    o.tenant_name,
    m.provider,
    m.model,
    t.token_type,
    sum(t.quantity) as consumed_quantity,
    'unknown_model' as reason
from history.usage as u
inner join history.owners as o using (key_no)
inner join history.models as m using (sku_key)
cross join lateral (
    values
    ('uncached_input', u.input_tokens - u.cache_read_tokens),
    ('cache_read', u.cache_read_tokens),
    ('output', u.output_tokens - u.reasoning_tokens),
    ('reasoning', u.reasoning_tokens)
) as t (token_type, quantity)
where m.output is null and t.quantity > 0
group by 1, 2, 3, 4, 5, 6;

create unlogged table history.fct_sku_rates_daily as
select
    w.weekday,
    m.sku_key,
    0::bigint as context_above_tokens,
    null::bigint as context_up_to_tokens,
    '00:00'::time as time_of_day_from,
    null::time as time_of_day_up_to,
    t.token_type,
    m.provider,
    m.model,
    case when t.price is not null then m.model || '/' || t.token_type end as rate_id,
    t.price as list_unit_price,
    null::numeric as region_multiplier,
    case
        when t.token_type = 'request' then 'not_billed'
        when t.price is null then 'unpriced'
        else 'priced'
    end as pricing_status,
    'USD' as billing_currency
from history.models as m
cross join generate_series(0, 6) as w (weekday)
cross join lateral (
    values
    ('uncached_input', m.uncached_input),
    ('cache_read', m.cache_read),
    ('output', m.output),
    ('reasoning', m.reasoning),
    ('request', null)
) as t (token_type, price)
