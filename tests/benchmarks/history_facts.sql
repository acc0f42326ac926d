-- The rate book of the week's models, and the two facts that questions about lines and about who
-- bears them read, of each weekday.
with change as (
    insert into reference.changes (kind) values ('benchmark') returning reference_version
)

insert into reference.rates
select
    m.model || '/' || t.token_type || p.suffix,
    'benchmark',
    '1',
    m.provider,
    m.model,
    t.token_type,
    p.processing_mode,
    'default',
    0,
    '2026-01-01',
    null,
    t.price * p.share,
    'USD',
    c.reference_version,
    null
from history.models as m
cross join lateral (
    values
    ('uncached_input', m.uncached_input),
    ('cache_read', m.cache_read),
    ('output', m.output),
    ('reasoning', m.reasoning)
) as t (token_type, price)
cross join (values ('', 'sync', 1), ('/batch', 'batch', 0.5)) as p (suffix, processing_mode, share)
cross join change as c
where t.price is not null;

create unlogged table history.fct_usage_cost_daily as
select
    u.weekday,
    o.tenant_id,
    o.tenant_name,
    o.team_id,
    o.team_name,
    o.project_id,
    o.project_name,
    o.cost_center,
    o.environment,
    u.feature,
    m.provider,
    m.model,
    'unassigned' as region,
    'default' as service_tier,
    'sync' as processing_mode,
    t.token_type,
    case when t.price is not null then m.model || '/' || t.token_type end as rate_id,
    case
        when t.token_type = 'request' then 'not_billed'
        when t.price is null then 'unpriced'
        else 'priced'
    end as pricing_status,
    sum(t.quantity) as consumed_quantity,
    t.price as list_unit_price,
    sum(t.quantity) * t.price as list_cost,
    sum(t.quantity) * t.price as contracted_cost,
    sum(t.quantity) * t.price as effective_cost,
    sum(t.quantity) * t.price as billed_cost,
    'USD' as billing_currency,
    null::text as contract_term,
    t.price as contracted_unit_price
from history.usage as u
inner join history.owners as o using (key_no)
inner join history.models as m using (sku_key)
cross join lateral (
    values
    ('uncached_input', u.input_tokens - u.cache_read_tokens, m.uncached_input),
    ('cache_read', u.cache_read_tokens, m.cache_read),
    ('output', u.output_tokens - u.reasoning_tokens, m.output),
    ('reasoning', u.reasoning_tokens, m.reasoning),
    ('request', u.request_count, null)
) as t (token_type, quantity, price)
where t.quantity > 0
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, t.token_type, t.price;

-- The first team of each tenant is its platform, whose cost the others bear by what they used.
create unlogged table history.fct_allocated_cost_daily as
with owned as (
    select
        u.weekday,
        o.tenant_id,
        o.tenant_name,
        o.cost_center,
        o.team_id,
        o.team_name,
        o.project_id,
        o.project_name,
        sum(u.list_cost) as cost
    from history.usage as u
    inner join history.owners as o using (key_no)
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

pools as (
    select w.weekday, w.tenant_id, 0.1 * sum(w.cost) as cost, count(*) as bearers
    from owned as w
    group by 1, 2
)

select
    w.weekday,
    w.tenant_id,
    w.tenant_name,
    w.cost_center,
    w.team_id,
    w.team_name,
    w.project_id,
    w.project_name,
    b.pool,
    b.allocation_status,
    b.rule_version,
    b.share_numerator,
    b.share_denominator,
    b.cost as list_cost,
    b.cost as contracted_cost,
    b.cost as effective_cost,
    b.cost as billed_cost,
    'USD' as billing_currency
from owned as w
inner join pools as p using (weekday, tenant_id)
cross join lateral (
    values
    ('direct', 'direct', null::bigint, null::numeric, null::numeric, w.cost),
    ('platform', 'allocated', 1, 1, p.bearers::numeric, p.cost / p.bearers)
) as b (pool, allocation_status, rule_version, share_numerator, share_denominator, cost)
