-- One event per bucket and group. OpenAI's input contains what the cache served and audio.
select
    _row,
    bucket_id as source_event_id,
    start_time_iso as event_at,
    loaded_at as source_updated_at,
    tenant_id,
    project_id,
    user_id,
    api_key_id,
    'openai' as provider,
    model,
    service_tier,
    case lower(batch) when 'true' then 'batch' when 'false' then 'sync' else coalesce(batch, 'sync') end
        as processing_mode,
    'inclusive' as usage_basis,
    input_tokens,
    input_cached_tokens as cache_read_tokens,
    input_audio_tokens,
    output_tokens,
    output_audio_tokens,
    num_model_requests as request_count,
    'leaf' as accounting_role
from landed
