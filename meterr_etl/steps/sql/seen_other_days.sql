-- Published rows of other days with the id of a staged row that its source marks as revised.
insert into seen
select
    m.part,
    m.place,
    e.event_date,
    e.source_id,
    e.event_key,
    case
        when
            (m.source_updated_at, {read_at})
            >= (coalesce(e.source_updated_at, e.event_at), r.read_at)
            then 'revision'
        else 'superseded'
    end as verdict
from marked as m
inner join staging.token_events as e
    on m.event_key = e.event_key and m.source_id = e.source_id and m.event_date <> e.event_date
inner join ops.runs as r on e.run_no = r.run_no
where e.event_date in (select d.event_date from ops.published_days as d)
