with

first_open as (
    {{ first_open_period() }}
),

billing_periods as (
    select
        billing_month,
        true as is_closed,
        closed_at
    from {{ source('ops', 'closed_periods') }}
    union all
    select
        billing_month,
        false as is_closed,
        null as closed_at
    from first_open
)

select * from billing_periods
