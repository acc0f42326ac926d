-- What counts as usage, by day, tenant, source and kind of call. Roll-up events repeat what their
-- leaves tell, so they are none.
select
    s.event_date as charge_date,
    s.tenant_id,
    s.source_id,
    s.sku_key,
    sum(s.event_count) as event_count,
    sum(s.extra_count) as extra_count,
    sum(s.reported_count) as reported_count,
    sum(s.reported_cost) as reported_cost,
    sum(s.uncached_input) as uncached_input,
    sum(s.cache_read) as cache_read,
    sum(s.cache_write) as cache_write,
    sum(s.cache_write_5m) as cache_write_5m,
    sum(s.cache_write_1h) as cache_write_1h,
    sum(s.input_audio) as input_audio,
    sum(s.output) as output,
    sum(s.reasoning) as reasoning,
    sum(s.output_audio) as output_audio,
    sum(s.web_search) as web_search,
    sum(s.request) as request
from scanned as s
left join {skus} as k on s.sku_key = k.sku_key
where k.accounting_role is distinct from 'rollup'
group by 1, 2, 3, 4
