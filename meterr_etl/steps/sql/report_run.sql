select
    r.*,
    r.window_end - r.window_start as window_length,
    coalesce(r.finished_at, clock_timestamp()) - r.started_at as took,
    p.publication_no,
    p.published_at
from ops.runs as r
left join ops.publications as p on r.run_id = p.run_id
where r.run_id = %(run_id)s
