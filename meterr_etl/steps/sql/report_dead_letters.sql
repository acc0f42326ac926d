select
    u.reason,
    count(*) as row_count,
    min(left(d.source_event_id, 100)) as example_id
from staging.dead_letters as d
cross join unnest(d.reasons) as u (reason)
where d.run_id = %(run_id)s
group by u.reason
order by row_count desc, u.reason
