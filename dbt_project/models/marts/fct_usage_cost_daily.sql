with

lines as (
    select * from {{ ref('int_price_lines') }}
),

ownership as (
    select * from {{ ref('int_ownership') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

priced as (
    select
        charge_date,
        line_owner_key,
        line_sku_key,
        token_type,
        rate_id,
        pricing_status,
        contract_term,
        list_unit_price,
        contracted_unit_price,
        billing_currency,
        sum(consumed_quantity) as consumed_quantity,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost
    from lines
    group by
        charge_date,
        line_owner_key,
        line_sku_key,
        token_type,
        rate_id,
        pricing_status,
        contract_term,
        list_unit_price,
        contracted_unit_price,
        billing_currency
),

usage_lines as (
    select
        priced.charge_date,
        ownership.tenant_id,
        ownership.tenant_name,
        ownership.team_id,
        ownership.team_name,
        ownership.project_id,
        ownership.project_name,
        ownership.cost_center,
        ownership.environment,
        ownership.feature,
        skus.provider,
        skus.model,
        skus.region,
        skus.service_tier,
        skus.processing_mode,
        priced.token_type,
        priced.rate_id,
        priced.pricing_status,
        priced.consumed_quantity,
        priced.list_unit_price,
        {{ cost_columns('priced.list_cost', 'priced.contracted_cost') }},
        priced.billing_currency,
        priced.contract_term,
        priced.contracted_unit_price
    from priced
    inner join ownership on priced.line_owner_key = ownership.owner_key
    inner join skus on priced.line_sku_key = skus.sku_key
),

-- Subscriptions, fees and credits are lines that no call caused: one piece of a price by the day.
charge_lines as (
    select
        {{ charged_to() }},
        'unassigned' as environment,
        'unassigned' as feature,
        provider,
        charge as model,
        'unassigned' as region,
        'default' as service_tier,
        'sync' as processing_mode,
        charge_kind as token_type,
        null::text as rate_id,
        'charged' as pricing_status,
        1::numeric as consumed_quantity,
        list_cost as list_unit_price,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        billing_currency,
        null::text as contract_term,
        contracted_cost as contracted_unit_price
    from {{ ref('int_charges') }}
),

fct_usage_cost_daily as (
    select * from usage_lines
    union all
    select * from charge_lines
)

select * from fct_usage_cost_daily
