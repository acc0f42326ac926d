select
    coalesce(b.source_event_id, b.event_key::text) as source_event_id,
    b.event_at,
    greatest(
        b.uncached_input_tokens,
        b.cache_read_tokens,
        b.cache_write_tokens,
        b.cache_write_5m_tokens,
        b.cache_write_1h_tokens,
        b.input_audio_tokens,
        b.output_tokens,
        b.reasoning_tokens,
        b.output_audio_tokens,
        b.web_search_requests,
        b.request_count
    ) as largest_quantity
from (select {columns} from {batch} as b) as b
order by largest_quantity desc nulls last
limit 10
