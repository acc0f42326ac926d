-- The affected events, read once, by what the gate compares. The tenant stands in for the owner:
-- so few groups are summed by several processes at once, which a hundred thousand are not.
select
    e.event_date,
    e.source_id,
    coalesce(o.tenant_id, 'unassigned') as tenant_id,
    e.sku_key,
    count(*) as event_count,
    count(e.extra_units) as extra_count,
    count(e.reported_cost) as reported_count,
    sum(e.reported_cost) as reported_cost,
    sum(e.uncached_input_tokens) as uncached_input,
    sum(e.cache_read_tokens) as cache_read,
    sum(e.cache_write_tokens) as cache_write,
    sum(e.cache_write_5m_tokens) as cache_write_5m,
    sum(e.cache_write_1h_tokens) as cache_write_1h,
    sum(e.input_audio_tokens) as input_audio,
    sum(e.output_tokens) as output,
    sum(e.reasoning_tokens) as reasoning,
    sum(e.output_audio_tokens) as output_audio,
    sum(e.web_search_requests) as web_search,
    sum(e.request_count) as request
from {events} as e
left join {owners} as o on e.owner_key = o.owner_key
group by e.event_date, e.source_id, coalesce(o.tenant_id, 'unassigned'), e.sku_key
