with

published_days as (
    select * from {{ source('ops', 'published_days') }}
),

windows as (
    select * from {{ source('ops', 'windows') }}
),

-- A source counts from its first window on; a run that failed shows where there should be one.
expected as (
    select
        source,
        min(window_start) as first_start,
        max(window_end) as last_end
    from {{ source('ops', 'runs') }}
    group by source
),

arrival_days as (
    select distinct day::date as charge_date
    from expected
    cross join generate_series(
        date_trunc('day', expected.first_start, 'UTC') at time zone 'UTC',
        (expected.last_end at time zone 'UTC') - interval '1 microsecond',
        interval '1 day'
    ) as day
),

days as (
    select
        charge_date,
        tstzrange(
            charge_date::timestamp at time zone 'UTC',
            (charge_date + 1)::timestamp at time zone 'UTC'
        ) as arrival
    from (
        select charge_date from arrival_days
        union
        select event_date from published_days
    ) as known
),

covered as (
    select
        source,
        range_agg(tstzrange(window_start, window_end)) as arrival
    from windows
    group by source
),

coverage as (
    select
        days.charge_date,
        bool_and(coalesce(covered.arrival @> days.arrival, false)) as is_complete
    from days
    inner join expected on expected.first_start < upper(days.arrival)
    left join covered on expected.source = covered.source
    group by days.charge_date
),

-- A window counts for every day that it touches.
dead as (
    select
        day::date as charge_date,
        sum(windows.dead_count) / nullif(sum(windows.rows_read), 0) as dead_share
    from windows
    cross join
        generate_series(
            date_trunc('day', windows.window_start, 'UTC') at time zone 'UTC',
            (windows.window_end at time zone 'UTC') - interval '1 microsecond',
            interval '1 day'
        ) as day
    group by day::date
),

day_status as (
    select
        days.charge_date,
        published_days.event_date is not null as is_published,
        coalesce(coverage.is_complete, false) as is_complete,
        published_days.version,
        published_days.run_id,
        published_days.published_at,
        published_days.late_event_count::numeric
        / nullif(published_days.event_count, 0) as late_share,
        dead.dead_share
    from days
    left join published_days on days.charge_date = published_days.event_date
    left join coverage on days.charge_date = coverage.charge_date
    left join dead on days.charge_date = dead.charge_date
)

select * from day_status
