-- Every window publishes the days that it covers, so a day without one is damage.
select day::date as event_date
from generate_series(
    greatest({month}::date, (select min(window_start at time zone 'UTC')::date from ops.windows)),
    {next_month}::date - 1,
    interval '1 day'
) as day
where not exists (select from ops.published_days as d where d.event_date = day::date)
order by day
