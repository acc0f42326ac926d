with

usage as (
    select * from {{ ref('usage_by_team_daily') }}
),

usage_by_tenant_daily as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        {{ summed_measures() }},
        billing_currency
    from usage
    group by
        charge_date,
        tenant_id,
        tenant_name,
        billing_currency
)

select * from usage_by_tenant_daily
