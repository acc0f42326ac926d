with

lines as (
    select * from {{ ref('fct_usage_cost_daily') }}
    where token_type like 'cache\_%'
),

rates as (
    select * from {{ ref('fct_sku_rates_daily') }}
),

-- What the same call would have met for the same tokens without a cache, as its day was priced.
uncached_prices as (
    select
        cached.charge_date,
        cached.rate_id,
        cached.list_unit_price,
        -- Where one price stands beside several, nobody can tell which: none is shown.
        case
            when min(uncached.list_unit_price) = max(uncached.list_unit_price)
                then min(uncached.list_unit_price)
        end as uncached_unit_price
    from rates as cached
    inner join rates as uncached
        on
            cached.charge_date = uncached.charge_date
            and cached.sku_key = uncached.sku_key
            and cached.context_above_tokens = uncached.context_above_tokens
            and cached.time_of_day_from = uncached.time_of_day_from
    where
        cached.token_type like 'cache\_%'
        and uncached.token_type = 'uncached_input'
    group by cached.charge_date, cached.rate_id, cached.list_unit_price
),

cache_savings_daily as (
    select
        lines.charge_date,
        lines.tenant_id,
        max(lines.tenant_name) as tenant_name,
        lines.team_id,
        max(lines.team_name) as team_name,
        lines.feature,
        lines.provider,
        lines.model,
        sum(lines.consumed_quantity) filter (where lines.token_type = 'cache_read')
            as cache_read_tokens,
        sum(lines.consumed_quantity) filter (where lines.token_type <> 'cache_read')
            as cache_write_tokens,
        sum(lines.list_cost) as list_cost,
        sum(lines.consumed_quantity * uncached_prices.uncached_unit_price) as uncached_list_cost,
        sum(
            lines.consumed_quantity
            * (uncached_prices.uncached_unit_price - lines.list_unit_price)
        ) as saved_list_cost,
        coalesce(
            sum(lines.consumed_quantity) filter (
                where uncached_prices.uncached_unit_price is null
            ),
            0
        ) as incomparable_tokens,
        lines.billing_currency
    from lines
    left join uncached_prices
        on
            lines.charge_date = uncached_prices.charge_date
            and lines.rate_id = uncached_prices.rate_id
            and lines.list_unit_price = uncached_prices.list_unit_price
    group by
        lines.charge_date,
        lines.tenant_id,
        lines.team_id,
        lines.feature,
        lines.provider,
        lines.model,
        lines.billing_currency
)

select * from cache_savings_daily
