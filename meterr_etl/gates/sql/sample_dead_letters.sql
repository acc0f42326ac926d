select
    left(d.source_event_id, 200) as source_event_id,
    array_to_string(d.reasons, ', ') as reasons,
    left(d.raw::text, 200) as raw
from staging.dead_letters as d
where d.run_id = {run_id}
order by d.dead_letter_id
