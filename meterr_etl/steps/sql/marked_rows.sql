-- Rows to look for in other days: those that their source marks as revised, and those of which a
-- later window has published a revision already, since this one came late or out of order.
create temp table marked on commit drop as
select
    b.tableoid as part,
    b.ctid as place,
    b.event_date,
    b.source_id,
    b.event_key,
    coalesce(b.source_updated_at, b.event_at) as source_updated_at
from {batch} as b
where
    {is_marked}
    or (b.event_key, b.source_id) in (
        select
            i.event_key,
            i.source_id
        from staging.marked_ids as i
        inner join ops.publications as p on i.publication_no = p.publication_no
        inner join ops.runs as r on p.run_id = r.run_id
        -- By its own window, which may have been published anew since; repairs and replays bring
        -- revisions of any time.
        where r.window_end > {window_start} or r.kind <> 'window'
    )
