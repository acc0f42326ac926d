-- What of a period's arrival time no published window covers, per source from its first window on.
with expected as (
    select
        source,
        tstzrange(greatest(min(window_start), {starts_at}), {ends_at}) as arrival
    from ops.runs
    where kind = 'window'
    group by source
    having min(window_start) < {ends_at}
),

covered as (
    select
        source,
        range_agg(tstzrange(window_start, window_end)) as arrival
    from ops.windows
    group by source
),

missing as (
    select
        e.source,
        lower(u.stretch) as starts_at,
        upper(u.stretch) as ends_at
    from expected as e
    left join covered as c on e.source = c.source
    cross join lateral
        unnest(tstzmultirange(e.arrival) - coalesce(c.arrival, tstzmultirange())) as u (stretch)
)

select
    m.source,
    to_char(m.starts_at, 'YYYY-MM-DD') as first_day,
    to_char(m.ends_at - interval '1 microsecond', 'YYYY-MM-DD') as last_day,
    r.run_id,
    r.status,
    r.failed_step
from missing as m
left join lateral (
    select
        o.run_id,
        o.status,
        o.failed_step
    from ops.runs as o
    where
        o.source = m.source
        and o.kind = 'window'
        and o.window_start < m.ends_at
        and o.window_end > m.starts_at
    order by o.run_no desc
    limit 1
) as r on true
order by m.source, m.starts_at
