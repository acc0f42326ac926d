-- Published rows with the id of a staged row of the same event date.
-- What stands is the greatest (source_updated_at, time of the read).
insert into seen
select
    b.tableoid as part,
    b.ctid as place,
    e.event_date,
    e.source_id,
    e.event_key,
    case
        when row({batch_content}) is not distinct from row({event_content}) then 'unchanged'
        when
            (coalesce(b.source_updated_at, b.event_at), {read_at})
            >= (coalesce(e.source_updated_at, e.event_at), r.read_at)
            then 'revision'
        else 'superseded'
    end as verdict
from {batch} as b
inner join staging.token_events as e
    on
        b.event_key = e.event_key
        and b.source_id = e.source_id
        and b.event_date = e.event_date
inner join ops.runs as r on e.run_no = r.run_no
where b.event_date in ({days}) and e.event_date in ({days})
