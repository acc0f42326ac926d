select
    coalesce(min(b.source_event_id), b.event_key::text) as source_event_id,
    count(*) as row_count,
    string_agg(distinct b.event_date::text, ', ') as event_dates
from {batch} as b
group by b.source_id, b.event_key
having count(*) > 1
