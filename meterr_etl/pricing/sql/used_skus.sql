with used as materialized (
    select distinct sku_key
    from {affected_events}
)

select
    s.sku_key,
    s.provider,
    s.model,
    s.service_tier,
    s.processing_mode,
    s.region
from {skus} as s
inner join used as u on s.sku_key = u.sku_key
