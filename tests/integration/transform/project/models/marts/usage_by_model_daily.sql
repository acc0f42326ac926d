select
    events.event_date as charge_date,
    owners.tenant_id,
    coalesce(rate_keys.model_id, skus.model) as model,
    sum(events.request_count)::bigint as request_count
from {{ source('run', 'affected_events') }} as events
inner join {{ source('run', 'owners') }} as owners using (owner_key)
inner join {{ source('run', 'skus') }} as skus using (sku_key)
inner join {{ source('run', 'sku_rate_keys') }} as rate_keys using (sku_key)
group by 1, 2, 3
