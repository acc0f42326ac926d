select
    d.source,
    d.reason,
    count(*) as row_count,
    count(*) filter (where d.is_replayed) as replayed_count,
    (array_agg(d.source_event_id order by d.dead_letter_id desc))[1:3] as samples,
    min(d.run_id) as first_run,
    max(d.run_id) as last_run
from (
    select
        l.source,
        l.run_id,
        l.dead_letter_id,
        l.source_event_id,
        coalesce(again.status = 'published', false) as is_replayed,
        unnest(l.reasons) as reason
    from staging.dead_letters as l
    inner join ops.runs as r on l.run_id = r.run_id
    left join ops.runs as again on l.replayed_by = again.run_id
    where
        (%(run_id)s::text is null or l.run_id = %(run_id)s)
        and (%(source)s::text is null or l.source = %(source)s)
        and (
            %(day)s::date is null
            or tstzrange(r.window_start, r.window_end)
            && tstzrange(
                %(day)s::date::timestamp at time zone 'UTC',
                (%(day)s::date + 1)::timestamp at time zone 'UTC'
            )
        )
) as d
group by d.source, d.reason
order by row_count desc, d.source, d.reason
