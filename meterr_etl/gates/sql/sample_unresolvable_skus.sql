select
    b.sku_key,
    count(*) as event_count,
    min(coalesce(b.source_event_id, b.event_key::text)) as source_event_id
from {batch} as b
where
    not exists (
        select from staging.skus as k
        where k.sku_key = b.sku_key
    )
    and not exists (
        select from {batch_skus} as k
        where k.sku_key = b.sku_key
    )
group by b.sku_key
