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

unpriced_usage_daily as (
    select
        lines.charge_date,
        ownership.tenant_id,
        ownership.tenant_name,
        skus.provider,
        skus.model,
        lines.token_type,
        sum(lines.consumed_quantity) as consumed_quantity,
        string_agg(
            distinct lines.unpriced_reason, ', ' order by lines.unpriced_reason
        ) as reason
    from lines
    inner join ownership on lines.line_owner_key = ownership.owner_key
    inner join skus on lines.line_sku_key = skus.sku_key
    where lines.pricing_status = 'unpriced'
    group by
        lines.charge_date,
        ownership.tenant_id,
        ownership.tenant_name,
        skus.provider,
        skus.model,
        lines.token_type
)

select * from unpriced_usage_daily
