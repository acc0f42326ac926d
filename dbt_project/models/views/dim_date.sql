with

published_days as (
    select event_date from {{ source('ops', 'published_days') }}
),

bounds as (
    select
        min(event_date)::timestamp as first_day,
        max(event_date)::timestamp as last_day
    from published_days
),

calendar as (
    select day::date as charge_date
    from bounds
    cross join generate_series(bounds.first_day, bounds.last_day, interval '1 day') as day
),

dim_date as (
    select
        calendar.charge_date,
        date_trunc('month', calendar.charge_date::timestamp)::date as billing_month,
        extract(year from calendar.charge_date)::integer as calendar_year,
        extract(month from calendar.charge_date)::integer as month_of_year,
        extract(isoyear from calendar.charge_date)::integer as iso_year,
        extract(week from calendar.charge_date)::integer as iso_week,
        extract(isodow from calendar.charge_date)::integer as iso_day_of_week,
        extract(isodow from calendar.charge_date) >= 6 as is_weekend,
        published_days.event_date is not null as is_published
    from calendar
    left join published_days on calendar.charge_date = published_days.event_date
)

select * from dim_date
