-- Where the affected events are not exactly: published, less superseded, plus staged.
select
    r.event_date,
    coalesce(d.event_count, 0) as published,
    coalesce(s.event_count, 0) as superseded,
    coalesce(b.event_count, 0) as staged,
    coalesce(a.event_count, 0) as affected
from ops.run_days as r
left join ops.published_days as d on r.event_date = d.event_date
left join (
    select
        x.event_date,
        count(*) as event_count
    from {superseded} as x
    group by x.event_date
) as s on r.event_date = s.event_date
left join (
    select
        x.event_date,
        count(*) as event_count
    from {batch} as x
    group by x.event_date
) as b on r.event_date = b.event_date
left join (
    select
        x.event_date,
        sum(x.event_count)::bigint as event_count
    from scanned as x
    group by x.event_date
) as a on r.event_date = a.event_date
where
    r.run_id = {run_id}
    and coalesce(a.event_count, 0)
    <> coalesce(d.event_count, 0) - coalesce(s.event_count, 0) + coalesce(b.event_count, 0)
    and r.event_date not in (select m.event_date from moved as m)
