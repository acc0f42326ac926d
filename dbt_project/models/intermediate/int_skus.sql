with

skus as (
    select * from {{ source('run', 'skus') }}
),

rate_keys as (
    select * from {{ source('run', 'sku_rate_keys') }}
),

resolved as (
    select
        skus.sku_key,
        skus.provider,
        coalesce(rate_keys.model_id, skus.model) as model,
        coalesce(skus.region, 'unassigned') as region,
        coalesce(skus.service_tier, 'default') as service_tier,
        skus.processing_mode,
        skus.is_gateway_cache_hit,
        rate_keys.provider_id,
        rate_keys.model_id,
        rate_keys.rate_service_tier,
        -- width_bucket needs them ascending
        (
            select array_agg(tier.threshold order by tier.threshold)
            from unnest(rate_keys.context_thresholds) as tier (threshold)
        ) as context_thresholds,
        rate_keys.times_of_day,
        rate_keys.region_multiplier,
        rate_keys.has_request_fee,
        case
            when rate_keys.model_id is null
                then coalesce(rate_keys.unpriceable_reason, 'unknown_model')
            else rate_keys.unpriceable_reason
        end as unpriceable_reason
    from skus
    left join rate_keys on skus.sku_key = rate_keys.sku_key
    -- a roll-up span repeats the tokens of its leaves (DESIGN §5)
    where skus.accounting_role = 'leaf'
),

int_skus as (
    select
        *,
        min(sku_key) over (
            partition by provider, model, region, service_tier, processing_mode
        ) as line_sku_key,
        min(sku_key) over (partition by provider, model) as model_sku_key
    from resolved
)

select * from int_skus
