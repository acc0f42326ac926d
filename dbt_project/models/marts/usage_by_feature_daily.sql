with

usage as (
    select * from {{ ref('fct_usage_by_owner_daily') }}
),

usage_by_feature_daily as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        feature,
        environment,
        {{ rolled_up_measures('usage') }},
        billing_currency
    from usage
    group by
        charge_date,
        tenant_id,
        tenant_name,
        feature,
        environment,
        billing_currency
)

select * from usage_by_feature_daily
