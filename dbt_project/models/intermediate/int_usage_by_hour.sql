with

events as (
    select * from {{ source('run', 'affected_events') }}
),

ownership as (
    select * from {{ ref('int_ownership') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

hourly_events as (
    select
        events.*,
        {{ charge_hour('events.event_at') }} as charge_hour_at,
        ownership.team_owner_key,
        {{ context_above_tokens('events', 'skus.context_thresholds') }} as context_above_tokens,
        {{ time_of_day_from('events', 'skus.times_of_day') }} as time_of_day_from
    from events
    inner join skus on events.sku_key = skus.sku_key
    inner join ownership on events.owner_key = ownership.owner_key
),

int_usage_by_hour as (
    select
        event_date as charge_date,
        charge_hour_at,
        team_owner_key,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        {{ summed_leaves() }}
    from hourly_events
    group by
        event_date,
        charge_hour_at,
        team_owner_key,
        sku_key,
        context_above_tokens,
        time_of_day_from
)

select * from int_usage_by_hour
