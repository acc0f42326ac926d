-- What each owner is charged in a month and was in the one before. Billed cost is frozen by a
-- close and knows no pools: what an owner's own usage gave to pools is taken off it, its part of
-- pools is added, so all owners together are charged what is billed, to the last digit.
with

borne as (
    select *
    from marts.fct_allocated_cost_daily
    where
        charge_date >= {former_month}
        and charge_date < {next_month}
        and ({tenant} is null or tenant_id = {tenant})
),

-- Days from before there were pools have no such rows, and gave nothing to any.
distributed_days as (
    select distinct
        tenant_id,
        charge_date
    from borne
),

charges as (
    select
        billing_month,
        tenant_id,
        tenant_name,
        cost_center,
        team_id,
        team_name,
        billing_currency,
        case when charge_class is null then 'direct' else 'correction' end as part,
        billed_cost as cost
    from marts.billed_costs_monthly
    where
        billing_month in ({former_month}, {month})
        and ({tenant} is null or tenant_id = {tenant})
    union all
    select
        date_trunc('month', usage.charge_date)::date,
        usage.tenant_id,
        usage.tenant_name,
        usage.cost_center,
        usage.team_id,
        usage.team_name,
        usage.billing_currency,
        'direct',
        -usage.billed_cost
    from marts.usage_by_team_daily as usage
    inner join distributed_days using (tenant_id, charge_date)
    where
        usage.charge_date >= {former_month}
        and usage.charge_date < {next_month}
        and ({tenant} is null or usage.tenant_id = {tenant})
    union all
    select
        date_trunc('month', charge_date)::date,
        tenant_id,
        tenant_name,
        cost_center,
        team_id,
        team_name,
        billing_currency,
        case when pool = 'direct' then 'direct' else 'allocated' end,
        billed_cost
    from borne
),

owners as (
    select
        tenant_id,
        max(tenant_name) as tenant_name,
        cost_center,
        team_id,
        max(team_name) as team_name,
        billing_currency,
        sum(cost) filter (where billing_month = {month} and part = 'direct') as direct_cost,
        sum(cost) filter (where billing_month = {month} and part = 'allocated') as allocated_cost,
        sum(cost) filter (where billing_month = {month} and part = 'correction')
            as correction_cost,
        sum(cost) filter (where billing_month = {month}) as total_cost,
        sum(cost) filter (where billing_month = {former_month}) as former_cost
    from charges
    group by tenant_id, cost_center, team_id, billing_currency
)

select
    tenant_id,
    tenant_name,
    cost_center,
    team_id,
    coalesce(team_name, team_id) as team_name,
    trim_scale(direct_cost) as direct_cost,
    trim_scale(allocated_cost) as allocated_cost,
    trim_scale(correction_cost) as correction_cost,
    trim_scale(total_cost) as total_cost,
    trim_scale(former_cost) as former_cost,
    trim_scale(total_cost - former_cost) as cost_change,
    round(
        100 * total_cost / nullif(sum(total_cost) over (partition by billing_currency), 0), 2
    ) as share_percent,
    billing_currency
from owners
order by
    billing_currency asc,
    total_cost desc nulls last,
    tenant_id asc,
    cost_center asc,
    team_id asc
