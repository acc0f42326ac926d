with

events as (
    select * from {{ source('run', 'affected_events') }}
    where extra_units is not null
),

skus as (
    select * from {{ ref('int_skus') }}
),

units as (
    select
        events.event_date as charge_date,
        {{ charge_hour('events.event_at') }} as charge_hour_at,
        events.owner_key,
        events.sku_key,
        {{ context_above_tokens('events', 'skus.context_thresholds') }} as context_above_tokens,
        {{ time_of_day_from('events', 'skus.times_of_day') }} as time_of_day_from,
        unit.key as token_type,
        unit.value::numeric as quantity
    from events
    inner join skus on events.sku_key = skus.sku_key
    cross join jsonb_each_text(events.extra_units) as unit
),

int_extra_units as (
    select
        charge_date,
        charge_hour_at,
        owner_key,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        token_type,
        sum(quantity) as quantity
    from units
    where quantity > 0
    group by
        charge_date,
        charge_hour_at,
        owner_key,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        token_type
)

select * from int_extra_units
