-- Runs that are over and still own something. Starts from what exists, not from the ledger, so
-- that the sweep costs the same on the first night as after years.
with owned as (
    select substring(c.relname from '__([a-z0-9]{{18}})$') as run_id
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname in ('landing', 'staging', 'ops') and c.relkind in ('r', 'p', 'v')
    union
    select substring(n.nspname from '^candidate_([a-z0-9]{{18}})$')
    from pg_namespace as n
)

select r.run_id
from ops.runs as r
where
    r.run_id in (select o.run_id from owned as o)
    and r.run_id <> {run_id}
    and (
        r.status = 'published'
        or (
            r.status in ('failed', 'abandoned')
            and (
                (r.source, r.window_start, r.window_end)
                = ({source}, {window_start}, {window_end})
                or r.finished_at < clock_timestamp() - make_interval(days => {keep_days})
            )
        )
    )
