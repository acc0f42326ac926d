with tried as (
    select
        source,
        range_agg(tstzrange(window_start, window_end)) as attempted,
        count(*) filter (where status = 'running') as open_runs
    from ops.runs
    where kind = 'window'
    group by source
),

published as (
    select
        source,
        range_agg(tstzrange(window_start, window_end)) as covered
    from ops.windows
    group by source
),

holes as (
    select
        t.source,
        tstzmultirange(range_merge(t.attempted)) - coalesce(p.covered, tstzmultirange()) as missing
    from tried as t
    left join published as p on t.source = p.source
)

select
    t.source,
    upper(t.attempted) as last_window_end,
    t.open_runs,
    -- The stretches of a multirange are disjoint and in order: the first ends at the watermark.
    (select min(upper(u.stretch)) from unnest(p.covered) as u (stretch)) as watermark,
    extract(
        epoch from clock_timestamp()
        - (select min(upper(u.stretch)) from unnest(p.covered) as u (stretch))
    )::bigint / 3600 as lag_hours,
    (
        select
            coalesce(
                array_agg(
                    to_char(lower(u.stretch), 'YYYY-MM-DD"T"HH24:MI')
                    || '/' || to_char(upper(u.stretch), 'YYYY-MM-DD"T"HH24:MI')
                    order by lower(u.stretch)
                ),
                array[]::text []
            )
        from unnest(h.missing) as u (stretch)
    ) as holes
from tried as t
inner join holes as h on t.source = h.source
left join published as p on t.source = p.source
order by t.source
