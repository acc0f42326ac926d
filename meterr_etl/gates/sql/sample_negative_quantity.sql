select
    coalesce(b.source_event_id, b.event_key::text) as source_event_id,
    b.event_at,
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
    b.request_count,
    left(b.extra_units::text, 200) as extra_units
from {batch} as b
where
    least(
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
    ) < 0
    or exists (
        select from jsonb_each_text(b.extra_units) as u (unit, quantity)
        where u.quantity::numeric < 0
    )
