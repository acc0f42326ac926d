-- Where the affected events are not exactly: published, less superseded, plus staged.
select
    r.event_date,
    coalesce(d.event_count, 0) as published,
    coalesce(s.event_count, 0) as superseded,
    coalesce(b.event_count, 0) as staged,
    coalesce(a.event_count, 0) as affected
from ops.run_days as r
left join (
    -- What was published is what the ledger says, so that nothing is built on a day that lost
    -- rows since. To mend such a day is what a repair is for: it builds on what is left of it.
    select
        p.event_date,
        case
            when p.event_date = any({repaired}::date [])
                then (
                    select count(*) from staging.token_events as t
                    where t.event_date = p.event_date
                )
            else p.event_count
        end as event_count
    from ops.published_days as p
) as d on r.event_date = d.event_date
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
