select
    coalesce(b.source_event_id, b.event_key::text) as source_event_id,
    b.event_date,
    b.event_at
from {batch} as b
where b.event_date <> (b.event_at at time zone 'UTC')::date
