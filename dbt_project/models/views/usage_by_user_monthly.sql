with

usage as (
    select
        *,
        date_trunc('month', charge_date::timestamp)::date as billing_month
    from {{ ref('usage_by_user_daily') }}
),

usage_by_user_monthly as (
    select
        billing_month,
        tenant_id,
        {{ latest('tenant_name') }} as tenant_name,
        user_id,
        team_id,
        {{ latest('team_name') }} as team_name,
        {{ monthly_measures() }},
        billing_currency
    from usage
    group by
        billing_month,
        tenant_id,
        user_id,
        team_id,
        billing_currency
)

select * from usage_by_user_monthly
