-- One row: what landed, against what the extract says it read and what is usual for the source.
with landed as (
    select
        count(*) as rows_landed,
        {newest_cursor} as newest_cursor,
        {null_counts} as null_counts
    from {landing} as l
),

emptiest as (
    select
        c.column_name,
        c.null_count
    from landed
    cross join unnest({watched}::text[], landed.null_counts) as c (column_name, null_count)
    order by c.null_count desc, c.column_name
    limit 1
),

-- Windows of another length hold another amount; what came after this window tells nothing of it.
history as (
    select w.rows_read
    from ops.windows as w
    where
        w.source = {source}
        and w.window_end <= {window_start}::timestamptz
        and w.window_end - w.window_start = {window_end}::timestamptz - {window_start}::timestamptz
    order by w.window_start desc
    limit {max_history}
),

-- Rows that this window held once and that a later one has read since, because they were changed.
moved as (
    select count(*) as rows_moved
    from staging.token_events as e
    where
        e.event_date in ({window_days})
        and e.source_id = (
            select s.source_id
            from staging.sources as s
            where s.source = {source}
        )
        and e.event_date in (select d.event_date from ops.published_days as d)
        and e.source_updated_at >= {window_end}::timestamptz
        and e.event_at >= {window_start}::timestamptz
        and e.event_at < {window_end}::timestamptz
),

usual as (
    select
        count(*) as windows_compared,
        coalesce(percentile_cont(0.5) within group (order by h.rows_read), 0)::bigint as usual_rows
    from history as h
)

select
    l.rows_landed,
    {rows_read}::bigint as rows_read,
    abs(l.rows_landed - {rows_read}) as rows_lost,
    m.rows_moved,
    u.windows_compared,
    u.usual_rows,
    case
        when u.windows_compared >= {min_history} and u.usual_rows > 0
            then (l.rows_landed + m.rows_moved)::double precision / u.usual_rows
    end as volume_ratio,
    cardinality({columns_missing}::text[]) as columns_missing,
    coalesce(nullif(array_to_string({columns_missing}::text[], ', '), ''), 'none')
        as columns_missing_names,
    cardinality({columns_retyped}::text[]) as columns_retyped,
    coalesce(nullif(array_to_string({columns_retyped}::text[], ', '), ''), 'none')
        as columns_retyped_names,
    cardinality({columns_unknown}::text[]) as columns_unknown,
    coalesce(nullif(array_to_string({columns_unknown}::text[], ', '), ''), 'none')
        as columns_unknown_names,
    case
        when isfinite(l.newest_cursor)
            then (
                extract(epoch from {window_end}::timestamptz - l.newest_cursor) / 3600
            )::double precision
    end as hours_before_end,
    e.column_name as null_column,
    e.null_count,
    case
        when l.rows_landed > 0 then e.null_count::double precision / l.rows_landed
    end as null_share
from landed as l
cross join moved as m
cross join usual as u
left join emptiest as e on true
