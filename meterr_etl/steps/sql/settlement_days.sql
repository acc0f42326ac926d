-- The published last days of the months that a run changes, which it does not build anew itself.
select d.event_date
from ops.published_days as d
where
    d.event_date in (
        select
            (date_trunc('month', r.event_date::timestamp) + interval '1 month - 1 day')::date
        from ops.run_days as r
        where r.run_id = {run_id}
    )
    and d.event_date not in (
        select r.event_date from ops.run_days as r
        where r.run_id = {run_id}
    )
