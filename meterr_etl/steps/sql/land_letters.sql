insert into {landing}
select l.dead_letter_id, {cells}
from staging.dead_letters as l
inner join ops.runs as r on l.run_id = r.run_id
left join ops.runs as again on l.replayed_by = again.run_id
where
    l.source = {source}
    and ({reason}::text is null or {reason}::text = any(l.reasons))
    and again.status is distinct from 'published'
    and r.status = 'published'
