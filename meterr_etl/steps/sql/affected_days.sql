insert into ops.run_days (run_id, event_date, base_version, cause)
select
    {run_id},
    c.event_date,
    coalesce(d.version, 0),
    string_agg(distinct c.cause, ', ' order by c.cause)
from (
    select w.event_date, 'window' as cause from unnest({window_days}::date[]) as w (event_date)
    union all
    select r.event_date, 'read again' from unnest({read_days}::date[]) as r (event_date)
    union all
    select b.event_date, 'late or corrected'
    from {batch} as b
    where b.event_date <> all ({window_days}::date[])
    group by b.event_date
    union all
    select s.event_date, 'corrected' from {superseded} as s group by s.event_date
    union all
    select o.event_date, 'owner arrived' from unnest({owner_days}::date[]) as o (event_date)
    union all
    select m.event_date, 'owner moved' from unnest({moved_days}::date[]) as m (event_date)
) as c
left join ops.published_days as d on c.event_date = d.event_date
group by c.event_date, d.version
