select
    event_date,
    version,
    event_count,
    late_event_count,
    run_id,
    published_at
from ops.published_days
where %(day)s::date is null or event_date = %(day)s::date
order by event_date desc
limit %(limit)s
