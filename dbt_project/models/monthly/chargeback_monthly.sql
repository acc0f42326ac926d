with

usage as (
    select * from {{ ref('usage_by_team_daily') }}
),

chargeback_monthly as (
    select
        {{ billing_month('charge_date') }} as billing_month,
        tenant_id,
        {{ latest('tenant_name') }} as tenant_name,
        cost_center,
        team_id,
        {{ latest('team_name') }} as team_name,
        {{ summed_measures() }},
        billing_currency,
        max(charge_date) as last_charge_date
    from usage
    group by
        {{ billing_month('charge_date') }},
        tenant_id,
        cost_center,
        team_id,
        billing_currency
)

select * from chargeback_monthly
