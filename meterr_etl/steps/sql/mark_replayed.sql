-- The history stays: which run found it dead, which one took it back, and when it was read first.
with marked as (
    update staging.dead_letters as l
    set replayed_by = {run_id}
    from {landing} as n
    where l.dead_letter_id = n._letter
    returning l.run_id
)

update ops.runs as r
set read_at = (
    select min(o.read_at)
    from ops.runs as o
    where o.run_id in (select m.run_id from marked as m)
)
where r.run_id = {run_id}
