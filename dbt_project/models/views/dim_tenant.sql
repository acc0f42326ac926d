with

organizations as (
    {{ latest_members('organizations', ['tenant_id']) }}
),

usage as (
    select
        tenant_id,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date
    from {{ ref('usage_by_tenant_daily') }}
    group by tenant_id
),

-- A tenant that has usage before its dimension arrives is listed without a name.
dim_tenant as (
    select
        coalesce(organizations.tenant_id, usage.tenant_id) as tenant_id,
        organizations.content ->> 'name' as tenant_name,
        organizations.content ->> 'billing_currency' as billing_currency,
        organizations.source,
        organizations.source_updated_at,
        usage.first_charge_date,
        usage.last_charge_date
    from organizations
    full join usage on organizations.tenant_id = usage.tenant_id
)

select * from dim_tenant
