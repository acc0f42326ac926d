insert into ops.windows as w (
    source, window_start, window_end, run_id, publication_no, rows_read, dead_count
)
select
    r.source,
    r.window_start,
    r.window_end,
    r.run_id,
    {publication_no},
    sum(v.row_count),
    sum(v.row_count) filter (where v.verdict = 'dead')
from ops.runs as r
inner join ops.run_verdicts as v on r.run_id = v.run_id
where r.run_id = {run_id} and r.kind = 'window'
group by r.run_id
on conflict (source, window_start, window_end) do update set
    run_id = excluded.run_id,
    publication_no = excluded.publication_no,
    rows_read = excluded.rows_read,
    dead_count = excluded.dead_count,
    published_at = clock_timestamp()
