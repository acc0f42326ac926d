select
    b.owner_key,
    count(*) as event_count,
    min(coalesce(b.source_event_id, b.event_key::text)) as source_event_id
from {batch} as b
where
    not exists (
        select from staging.owners as o
        where o.owner_key = b.owner_key
    )
    and not exists (
        select from {batch_owners} as o
        where o.owner_key = b.owner_key
    )
group by b.owner_key
