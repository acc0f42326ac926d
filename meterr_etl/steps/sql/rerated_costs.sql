-- What a re-rating makes of the published cost, per tenant and currency; tenants that it leaves as
-- they were are left out.
with before as (
    select
        f.tenant_id,
        f.billing_currency,
        sum(f.effective_cost) as cost
    from marts.fct_usage_cost_daily as f
    where
        f.charge_date in (select r.event_date from ops.run_days as r where r.run_id = {run_id})
        and f.charge_date between {first} and {last}
    group by f.tenant_id, f.billing_currency
),

after as (
    select
        f.tenant_id,
        f.billing_currency,
        sum(f.effective_cost) as cost
    from {lines} as f
    where f.charge_date between {first} and {last}
    group by f.tenant_id, f.billing_currency
)

select
    tenant_id,
    billing_currency,
    b.cost as published_cost,
    a.cost as rerated_cost,
    coalesce(a.cost, 0) - coalesce(b.cost, 0) as cost_change
from before as b
full join after as a using (tenant_id, billing_currency)
where
    b.cost is distinct from a.cost
    and ({tenant_id}::text is null or tenant_id = {tenant_id})
order by tenant_id, billing_currency
