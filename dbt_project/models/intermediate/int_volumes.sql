with

settled_days as (
    select event_date as charge_date
    from {{ source('run', 'affected_days') }}
    where event_date = {{ last_of_month('event_date') }}
),

terms as (
    select distinct
        tenant_id,
        contract_term,
        currency,
        is_price
    from {{ source('run', 'volume_tiers') }}
),

built as (
    select
        {{ last_of_month('lines.charge_date') }} as charge_date,
        owners.tenant_id,
        lines.contract_term,
        skus.provider,
        owners.team_id,
        owners.project_id,
        owners.cost_center,
        lines.billing_currency,
        lines.consumed_quantity,
        lines.list_cost
    from {{ ref('int_price_lines') }} as lines
    inner join {{ ref('int_ownership') }} as owners on lines.line_owner_key = owners.owner_key
    inner join {{ ref('int_skus') }} as skus on lines.line_sku_key = skus.sku_key
    where lines.contract_term is not null
),

month_lines as (
    select * from built
    union all
    select * from {{ source('run', 'published_volumes') }}
),

int_volumes as (
    select
        month_lines.charge_date,
        month_lines.tenant_id,
        month_lines.contract_term,
        month_lines.provider,
        month_lines.team_id,
        month_lines.project_id,
        month_lines.cost_center,
        month_lines.billing_currency,
        sum(
            case when terms.is_price then month_lines.consumed_quantity else month_lines.list_cost end
        ) as volume
    from month_lines
    inner join settled_days on month_lines.charge_date = settled_days.charge_date
    inner join terms
        on
            month_lines.tenant_id = terms.tenant_id
            and month_lines.contract_term = terms.contract_term
            and (terms.currency is null or month_lines.billing_currency = terms.currency)
    group by
        month_lines.charge_date,
        month_lines.tenant_id,
        month_lines.contract_term,
        month_lines.provider,
        month_lines.team_id,
        month_lines.project_id,
        month_lines.cost_center,
        month_lines.billing_currency
)

select * from int_volumes
