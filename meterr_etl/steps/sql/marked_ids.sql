insert into staging.marked_ids (publication_no, source_id, event_key)
select {publication_no}, b.source_id, b.event_key
from {batch} as b
where b.source_updated_at <> b.event_at
union
select {publication_no}, e.source_id, e.event_key
from staging.token_events as e
where
    e.event_date in ({hidden_days})
    and e.run_no = {run_no}
    and e.source_updated_at <> e.event_at
