with

events as (
    select * from {{ source('run', 'affected_events') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

tiered_events as (
    select
        events.*,
        {{ context_above_tokens('events', 'skus.context_thresholds') }} as context_above_tokens,
        {{ time_of_day_from('events', 'skus.times_of_day') }} as time_of_day_from
    from events
    inner join skus on events.sku_key = skus.sku_key
),

int_usage_by_rate_key as (
    select
        event_date as charge_date,
        owner_key,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        {{ summed_leaves() }}
    from tiered_events
    group by event_date, owner_key, sku_key, context_above_tokens, time_of_day_from
)

select * from int_usage_by_rate_key
