with

usage as (
    select * from {{ ref('usage_by_feature_daily') }}
),

usage_by_environment_daily as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        environment,
        {{ summed_measures() }},
        billing_currency
    from usage
    group by
        charge_date,
        tenant_id,
        tenant_name,
        environment,
        billing_currency
)

select * from usage_by_environment_daily
