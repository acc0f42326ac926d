-- One canonical event per landed row of public.token_usage. Each column of `landed` bears either
-- its declared type or text, so nothing is computed here that could fail on a bad cell: a text
-- that means nothing passes through, and the contract's own check makes it a dead letter.
select
    _row,
    id as source_event_id,
    created_at as event_at,
    coalesce(updated_at, created_at) as source_updated_at,
    organization_id as tenant_id,
    project_id,
    user_id,
    api_key_id,
    environment,
    feature,
    session_id,
    metadata as tags,
    provider,
    model,
    service_tier,
    case lower(is_batch::text)
        when 'true' then 'batch'
        when 't' then 'batch'
        when '1' then 'batch'
        when 'false' then 'sync'
        when 'f' then 'sync'
        when '0' then 'sync'
        else coalesce(is_batch::text, 'sync')
    end as processing_mode,
    -- Anthropic counts cached tokens beside input_tokens, every other provider within it.
    case lower(provider) when 'anthropic' then 'exclusive' else 'inclusive' end as usage_basis,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    input_audio_tokens,
    output_tokens,
    reasoning_tokens,
    output_audio_tokens,
    web_search_requests,
    1::bigint as request_count,
    -- What no column holds (images, cached audio, pages), by token type, beside the counters above.
    case
        when metadata::text like '%"extra_units"%' and pg_input_is_valid(metadata::text, 'jsonb')
            then metadata::text::jsonb -> 'extra_units'
    end as extra_units,
    status,
    latency_ms,
    'leaf' as accounting_role,
    cost_usd as reported_cost,
    case when cost_usd is not null then 'USD' end as reported_cost_currency
from landed
