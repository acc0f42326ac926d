with

usage as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        {{ resummed_leaves() }}
    from {{ ref('int_usage_by_rate_key') }}
    group by charge_date, sku_key, context_above_tokens
),

used as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        token_type
    from ({{ leaf_lines('usage', ['charge_date', 'sku_key', 'context_above_tokens']) }}) as lines
    union
    select
        charge_date,
        sku_key,
        context_above_tokens,
        token_type
    from {{ ref('int_extra_units') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

rates as (
    select * from {{ source('run', 'rates') }}
),

-- Whatever pricing could not resolve, and what a gateway's cache answered, meets no rate.
rated as (
    select
        used.*,
        skus.provider,
        skus.model,
        skus.context_thresholds,
        skus.unpriceable_reason,
        skus.is_gateway_cache_hit,
        rates.rate_id,
        rates.unit_price as list_unit_price,
        rates.currency
    from used
    inner join skus on used.sku_key = skus.sku_key
    left join rates
        on
            skus.provider_id = rates.provider_id
            and skus.model_id = rates.model_id
            and used.token_type = rates.token_type
            and skus.processing_mode = rates.processing_mode
            and skus.rate_service_tier = rates.service_tier
            and used.context_above_tokens = rates.context_above_tokens
            and used.charge_date >= rates.valid_from
            and (used.charge_date < rates.valid_to or rates.valid_to is null)
            and skus.unpriceable_reason is null
            and not skus.is_gateway_cache_hit
),

int_sku_rates as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        context_thresholds[
            1 + width_bucket(context_above_tokens, context_thresholds)
        ] as context_up_to_tokens,
        token_type,
        provider,
        model,
        rate_id,
        list_unit_price,
        case
            when rate_id is not null then 'priced'
            when is_gateway_cache_hit or token_type = 'request' then 'not_billed'
            else 'unpriced'
        end as pricing_status,
        case
            when rate_id is null and not is_gateway_cache_hit and token_type <> 'request'
                then coalesce(unpriceable_reason, 'no_rate')
        end as unpriced_reason,
        -- one sku is billed in one currency; where nothing has a price, the catalogue's
        coalesce(currency, max(currency) over sku_day, 'USD') as billing_currency
    from rated
    window sku_day as (partition by charge_date, sku_key, context_above_tokens)
)

select * from int_sku_rates
