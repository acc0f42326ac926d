with

usage as (
    select * from {{ ref('usage_by_user_daily') }}
),

usage_by_user_monthly as (
    select
        {{ billing_month('charge_date') }} as billing_month,
        tenant_id,
        {{ latest('tenant_name') }} as tenant_name,
        user_id,
        team_id,
        {{ latest('team_name') }} as team_name,
        {{ summed_measures() }},
        billing_currency,
        max(charge_date) as last_charge_date
    from usage
    group by
        {{ billing_month('charge_date') }},
        tenant_id,
        user_id,
        team_id,
        billing_currency
)

select * from usage_by_user_monthly
