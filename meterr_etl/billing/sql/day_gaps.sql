-- All that was ever billed of the days that a period bills, beside what another mart says of them:
-- one that is made of events by another path, so neither side is derived from the other.
with billed as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0) as request_count,
        coalesce(sum(list_cost), 0) as list_cost,
        coalesce(sum(contracted_cost), 0) as contracted_cost,
        coalesce(sum(effective_cost), 0) as effective_cost,
        coalesce(sum(billed_cost), 0) as billed_cost
    from marts.billed_lines
    where charge_date in (select d.charge_date from ops.billed_days as d where d.billing_month = {month})
    group by charge_date, tenant_id, billing_currency
),

published as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        coalesce(sum(request_count), 0) as request_count,
        coalesce(sum(list_cost), 0) as list_cost,
        coalesce(sum(contracted_cost), 0) as contracted_cost,
        coalesce(sum(effective_cost), 0) as effective_cost,
        coalesce(sum(billed_cost), 0) as billed_cost
    from marts.usage_by_tenant_daily
    where charge_date in (select d.charge_date from ops.billed_days as d where d.billing_month = {month})
    group by charge_date, tenant_id, billing_currency
)

select
    charge_date,
    tenant_id,
    billing_currency,
    coalesce(b.billed_cost, 0) as billed_cost,
    coalesce(p.billed_cost, 0) as published_cost
from billed as b
full join published as p using (charge_date, tenant_id, billing_currency)
where
    coalesce(b.request_count, 0) <> coalesce(p.request_count, 0)
    or coalesce(b.list_cost, 0) <> coalesce(p.list_cost, 0)
    or coalesce(b.contracted_cost, 0) <> coalesce(p.contracted_cost, 0)
    or coalesce(b.effective_cost, 0) <> coalesce(p.effective_cost, 0)
    or coalesce(b.billed_cost, 0) <> coalesce(p.billed_cost, 0)
order by charge_date, tenant_id, billing_currency
