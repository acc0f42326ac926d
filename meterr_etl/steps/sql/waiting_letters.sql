select
    count(*),
    min(r.window_start),
    max(r.window_end)
from staging.dead_letters as l
inner join ops.runs as r on l.run_id = r.run_id
left join ops.runs as again on l.replayed_by = again.run_id
where
    l.source = {source}
    and ({reason}::text is null or {reason}::text = any(l.reasons))
    and again.status is distinct from 'published'
    -- A failed run keeps its rows for its own rerun; until then its letters wait with them.
    and r.status = 'published'
