select
    r.run_id,
    r.source,
    r.window_start,
    r.window_end,
    r.trigger,
    r.status,
    r.failed_step,
    coalesce(sum(v.row_count), 0)::bigint as rows_read,
    coalesce(sum(v.row_count) filter (where v.verdict = 'new'), 0)::bigint as rows_new,
    coalesce(sum(v.row_count) filter (where v.verdict = 'dead'), 0)::bigint as rows_dead,
    r.started_at,
    extract(epoch from r.finished_at - r.started_at)::numeric(12, 1) as seconds,
    r.reason,
    r.error
from ops.runs as r
left join ops.run_verdicts as v on r.run_id = v.run_id
where
    %(day)s::date is null
    or tstzrange(r.window_start, r.window_end)
    && tstzrange(
        %(day)s::date::timestamp at time zone 'UTC',
        (%(day)s::date + 1)::timestamp at time zone 'UTC'
    )
group by r.run_id
order by r.run_no desc
limit %(limit)s
