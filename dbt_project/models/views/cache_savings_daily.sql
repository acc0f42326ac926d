with

lines as (
    select * from {{ ref('fct_usage_cost_daily') }}
),

cache_savings_daily as (
    {{ cache_savings('lines') }}
)

select * from cache_savings_daily
