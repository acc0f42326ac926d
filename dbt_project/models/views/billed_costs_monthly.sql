with

{{ correcting_ctes() }},

closed as (
    select * from {{ source('billing', 'billed_totals') }}
),

usage as (
    select * from {{ ref('chargeback_monthly') }}
),

corrected as (
    select
        billing_month,
        {{ billing_month('charge_date') }} as charge_month,
        charge_class,
        tenant_id,
        max(tenant_name) as tenant_name,
        cost_center,
        team_id,
        max(team_name) as team_name,
        coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0)::bigint
            as request_count,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        billing_currency
    from corrections
    group by
        billing_month,
        {{ billing_month('charge_date') }},
        charge_class,
        tenant_id,
        cost_center,
        team_id,
        billing_currency
),

billed_costs_monthly as (
    select
        billing_month,
        charge_month,
        charge_class,
        true as is_closed,
        tenant_id,
        tenant_name,
        cost_center,
        team_id,
        team_name,
        request_count,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        billing_currency
    from closed
    union all
    select
        usage.billing_month,
        usage.billing_month as charge_month,
        null as charge_class,
        false as is_closed,
        usage.tenant_id,
        usage.tenant_name,
        usage.cost_center,
        usage.team_id,
        usage.team_name,
        usage.request_count,
        usage.list_cost,
        usage.contracted_cost,
        usage.effective_cost,
        usage.billed_cost,
        usage.billing_currency
    from usage
    inner join first_open on usage.billing_month >= first_open.billing_month
    union all
    select
        billing_month,
        charge_month,
        charge_class,
        false as is_closed,
        tenant_id,
        tenant_name,
        cost_center,
        team_id,
        team_name,
        request_count,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        billing_currency
    from corrected
)

select * from billed_costs_monthly
