with

lines as (
    select * from {{ ref('int_usage_lines') }}
),

rates as (
    select * from {{ ref('int_line_rates') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

int_price_lines as (
    select
        lines.charge_date,
        lines.line_owner_key,
        skus.line_sku_key,
        lines.sku_key,
        lines.context_above_tokens,
        lines.time_of_day_from,
        lines.token_type,
        rates.rate_id,
        rates.pricing_status,
        rates.unpriced_reason,
        lines.quantity as consumed_quantity,
        rates.contract_term,
        rates.list_unit_price,
        rates.contracted_unit_price,
        lines.quantity * rates.list_unit_price as list_cost,
        lines.quantity * rates.contracted_unit_price as contracted_cost,
        rates.billing_currency
    from lines
    inner join rates
        on
            lines.charge_date = rates.charge_date
            and lines.contract_key = rates.contract_key
            and lines.sku_key = rates.sku_key
            and lines.context_above_tokens = rates.context_above_tokens
            and lines.time_of_day_from = rates.time_of_day_from
            and lines.token_type = rates.token_type
    inner join skus on lines.sku_key = skus.sku_key
)

select * from int_price_lines
