select
    l.dead_letter_id,
    l.run_id,
    r.status as run_status,
    l.source,
    l.source_event_id,
    l.reasons,
    l.died_at,
    l.replayed_by,
    l.raw
from staging.dead_letters as l
inner join ops.runs as r on l.run_id = r.run_id
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
order by l.dead_letter_id desc
limit %(limit)s
