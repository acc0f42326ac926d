with

usage as (
    select * from {{ ref('usage_by_feature_daily') }}
),

usage_by_feature_monthly as (
    select
        {{ billing_month('charge_date') }} as billing_month,
        tenant_id,
        {{ latest('tenant_name') }} as tenant_name,
        feature,
        environment,
        {{ summed_measures() }},
        billing_currency,
        max(charge_date) as last_charge_date
    from usage
    group by
        {{ billing_month('charge_date') }},
        tenant_id,
        feature,
        environment,
        billing_currency
)

select * from usage_by_feature_monthly
