with

commitments as (
    select * from {{ source('run', 'commitments') }}
),

built as (
    select
        lines.charge_date,
        owners.tenant_id,
        skus.provider,
        owners.team_id,
        owners.project_id,
        owners.cost_center,
        lines.contracted_cost as cost,
        lines.billing_currency
    from {{ ref('int_price_lines') }} as lines
    inner join {{ ref('int_ownership') }} as owners on lines.line_owner_key = owners.owner_key
    inner join {{ ref('int_skus') }} as skus on lines.line_sku_key = skus.sku_key
    where lines.contracted_cost > 0
),

settled as (
    select
        charge_date,
        tenant_id,
        provider,
        team_id,
        project_id,
        cost_center,
        settled_cost as cost,
        billing_currency
    from {{ ref('int_volume_settlements') }}
),

usage as (
    select * from built
    union all
    select * from settled
    union all
    select * from {{ source('run', 'published_usage') }}
),

int_commitment_usage as (
    select
        {{ last_of_month('usage.charge_date') }} as charge_date,
        usage.tenant_id,
        commitments.charge,
        usage.team_id,
        usage.project_id,
        usage.cost_center,
        sum(usage.cost) as cost
    from commitments
    inner join usage
        on
            commitments.tenant_id = usage.tenant_id
            and commitments.provider = usage.provider
            and commitments.currency = usage.billing_currency
            and commitments.valid_from <= usage.charge_date
            and commitments.valid_to > usage.charge_date
    group by
        {{ last_of_month('usage.charge_date') }},
        usage.tenant_id,
        commitments.charge,
        usage.team_id,
        usage.project_id,
        usage.cost_center
)

select * from int_commitment_usage
