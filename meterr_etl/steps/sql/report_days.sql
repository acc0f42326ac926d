select
    r.event_date,
    r.cause,
    r.base_version,
    d.version,
    d.event_count,
    d.late_event_count,
    d.run_id = r.run_id as is_of_this_run
from ops.run_days as r
left join ops.published_days as d on r.event_date = d.event_date
where r.run_id = %(run_id)s
order by r.event_date
