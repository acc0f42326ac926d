with

lines as (
    select * from {{ ref('fct_usage_cost_daily') }}
),

rates as (
    select * from {{ source('reference', 'rates') }}
),

published_days as (
    select
        event_date,
        reference_version
    from {{ source('ops', 'published_days') }}
),

cache_savings_daily as (
    {{ cache_savings('lines') }}
)

select * from cache_savings_daily
