{%- set cost = 'coalesce(former.effective_cost, 0)' -%}
with

published_days as (
    select event_date from {{ source('ops', 'published_days') }}
),

usage as (
    select * from {{ ref('usage_by_tenant_daily') }}
),

months as (
    select
        {{ billing_month('event_date') }} as billing_month,
        max(event_date) as last_charge_date,
        count(*) as published_day_count
    from published_days
    group by {{ billing_month('event_date') }}
),

spent as (
    select
        months.billing_month,
        months.last_charge_date,
        months.published_day_count,
        usage.tenant_id,
        max(usage.tenant_name) as tenant_name,
        sum(usage.effective_cost) as cost_to_date,
        usage.billing_currency,
        max(usage.charge_date) < max(min(usage.charge_date)) over (
            partition by months.billing_month, usage.tenant_id
        ) as is_taken_over
    from usage
    inner join months on {{ billing_month('usage.charge_date') }} = months.billing_month
    group by
        months.billing_month,
        months.last_charge_date,
        months.published_day_count,
        usage.tenant_id,
        usage.billing_currency
),

-- Each day to come costs what its weekday usually does, as the last published day knows it.
to_come as (
    select
        spent.billing_month,
        spent.tenant_id,
        spent.billing_currency,
        count(*) as days_to_come,
        min(usual.days_compared) as days_compared,
        sum(usual.median_cost) as usual_cost,
        sum(usual.low_cost) as low_cost,
        sum(usual.high_cost) as high_cost
    from spent
    cross join
        lateral generate_series(
            spent.last_charge_date + interval '1 day',
            spent.billing_month + interval '1 month' - interval '1 day',
            interval '1 day'
        ) as day
    cross join
        lateral (
            select
                count(*) as days_compared,
                {{ median(cost) }} as median_cost,
                percentile_disc(0.1) within group (order by {{ cost }}) as low_cost,
                percentile_disc(0.9) within group (order by {{ cost }}) as high_cost
            from (
                select day::date - 7 * week as compared_date
                from generate_series(1, {{ compared_weeks() }} + 5) as week
                where
                    day::date - 7 * week <= spent.last_charge_date
                    and day::date - 7 * week >= {{ first_day_of_tenant('spent') }}
                    and day::date - 7 * week in (select event_date from published_days)
                order by week
                limit {{ compared_weeks() }}
            ) as days
            left join usage as former
                on
                    spent.tenant_id = former.tenant_id
                    and days.compared_date = former.charge_date
                    and spent.billing_currency = former.billing_currency
        ) as usual
    where not spent.is_taken_over
    group by spent.billing_month, spent.tenant_id, spent.billing_currency
),

cost_forecast as (
    select
        spent.billing_month,
        spent.tenant_id,
        spent.tenant_name,
        spent.last_charge_date,
        spent.published_day_count,
        coalesce(to_come.days_to_come, 0) as days_to_come,
        spent.cost_to_date,
        spent.cost_to_date + rest.usual_cost as forecast_cost,
        spent.cost_to_date + rest.low_cost as forecast_low_cost,
        spent.cost_to_date + rest.high_cost as forecast_high_cost,
        spent.billing_currency
    from spent
    left join to_come
        on
            spent.billing_month = to_come.billing_month
            and spent.tenant_id = to_come.tenant_id
            and spent.billing_currency = to_come.billing_currency
    -- Of a weekday that nothing can be compared with, nothing is foretold.
    left join
        lateral (
            values
            (
                coalesce(to_come.usual_cost, 0),
                coalesce(to_come.low_cost, 0),
                coalesce(to_come.high_cost, 0)
            )
        ) as rest (usual_cost, low_cost, high_cost)
        on to_come.days_compared > 0 or to_come.days_compared is null
)

select * from cost_forecast
