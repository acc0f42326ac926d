-- The last days of months among a run's days, of whose other days one was published since.
select r.event_date
from ops.run_days as r
inner join ops.runs as u on r.run_id = u.run_id
where
    r.run_id = {run_id}
    and extract(day from r.event_date + 1) = 1
    and exists (
        select from ops.published_days as d
        where
            d.event_date between date_trunc('month', r.event_date::timestamp)::date and r.event_date
            and d.publication_no > u.base_publication_no
    )
