insert into {superseded} (event_date, source_id, event_key)
select
    e.event_date,
    e.source_id,
    e.event_key
from staging.token_events as e
inner join ops.runs as r on e.run_no = r.run_no
where
    e.event_date = {day}::date
    and e.source_id = {source_id}
    and e.event_date in (select d.event_date from ops.published_days as d)
    -- what was read after this landing tells of a source that this landing never saw
    and r.read_at < {read_at}
    and exists (select from {mapped} as m)
    and not exists (
        select from {mapped} as m
        where m.source_event_id is not null and {event_key} = e.event_key
    )
on conflict do nothing
