with

usage as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        {{ resummed_leaves() }}
    from {{ ref('int_usage_by_rate_key') }}
    group by charge_date, sku_key, context_above_tokens, time_of_day_from
),

used as (
    {{ used_units('usage', ref('int_extra_units')) }}
),

-- A unit is charged at its own rate, else as the input or output that it is a part of.
rate_types as (
    select
        used.*,
        used.token_type as rate_token_type,
        0 as rank_no
    from used
    union all
    select
        used.*,
        unit_bases.base as rate_token_type,
        1 as rank_no
    from used
    inner join {{ source('run', 'unit_bases') }} as unit_bases
        on used.token_type = unit_bases.token_type
),

-- Whatever pricing could not resolve, and what a gateway's cache answered, meets no rate.
rated as (
    select
        used.*,
        skus.provider,
        skus.model,
        skus.context_thresholds,
        skus.times_of_day,
        skus.unpriceable_reason,
        skus.is_gateway_cache_hit,
        case when rates.is_per_token then skus.region_multiplier end as region_multiplier,
        -- Unless its model has a fee on other terms, or is unknown and would be seen nowhere else.
        used.token_type = 'request' and not coalesce(
            skus.has_request_fee or (skus.model_id is null and used.used_types = 1), false
        ) as is_without_fee,
        rates.rate_id,
        rates.unit_price,
        rates.currency
    from rate_types as used
    inner join {{ ref('int_skus') }} as skus on used.sku_key = skus.sku_key
    left join {{ source('run', 'rates') }} as rates
        on
            skus.provider_id = rates.provider_id
            and skus.model_id = rates.model_id
            and used.rate_token_type = rates.token_type
            and skus.processing_mode = rates.processing_mode
            and skus.rate_service_tier = rates.service_tier
            and used.context_above_tokens = rates.context_above_tokens
            and used.time_of_day_from = rates.time_of_day_from
            and used.charge_date >= rates.valid_from
            and (used.charge_date < rates.valid_to or rates.valid_to is null)
            and skus.unpriceable_reason is null
            and not skus.is_gateway_cache_hit
),

-- Ranked, not picked: two rates in force at once must stop the run, so both stay.
nearest as (
    select
        *,
        case
            when rate_id is not null then 'priced'
            when is_gateway_cache_hit or is_without_fee then 'not_billed'
            else 'unpriced'
        end as pricing_status,
        rank() over (
            partition by charge_date, sku_key, context_above_tokens, time_of_day_from, token_type
            order by rate_id is null, rank_no
        ) as nearness
    from rated
),

int_sku_rates as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        context_thresholds[
            1 + width_bucket(context_above_tokens, context_thresholds)
        ] as context_up_to_tokens,
        time_of_day_from,
        times_of_day[1 + width_bucket(time_of_day_from, times_of_day)] as time_of_day_up_to,
        token_type,
        provider,
        model,
        rate_id,
        unit_price * coalesce(region_multiplier, 1) as list_unit_price,
        region_multiplier,
        pricing_status,
        case
            when pricing_status <> 'unpriced' then null
            when context_above_tokens < 0 then coalesce(unpriceable_reason, 'context_tier_unknown')
            else coalesce(unpriceable_reason, 'no_rate')
        end as unpriced_reason,
        -- one sku is billed in one currency; where nothing has a price, the catalogue's
        coalesce(currency, max(currency) over sku_day, 'USD') as billing_currency
    from nearest
    where nearness = 1
    window sku_day as (
        partition by charge_date, sku_key, context_above_tokens, time_of_day_from
    )
)

select * from int_sku_rates
