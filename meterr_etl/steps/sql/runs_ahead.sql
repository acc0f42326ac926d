-- Runs at work that were started before this one and change a day that it changes too.
select r.run_id
from ops.runs as r
where
    r.status = 'running'
    and r.kind <> 'what_if'
    and r.run_no < {run_no}
    and exists (
        select
        from ops.run_days as theirs
        inner join ops.run_days as mine on theirs.event_date = mine.event_date
        where theirs.run_id = r.run_id and mine.run_id = {run_id}
    )
order by r.run_no
