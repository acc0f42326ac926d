-- One event per day and group, of an unknown number of requests. Anthropic's input leaves out what the
-- cache read and wrote. `usage_type` is the service tier, or `batch`.
select
    _row,
    bucket_id as source_event_id,
    usage_date_utc as event_at,
    loaded_at as source_updated_at,
    tenant_id,
    workspace as project_id,
    api_key as api_key_id,
    'anthropic' as provider,
    model_version as model,
    inference_geo as region,
    usage_type as service_tier,
    case lower(usage_type) when 'batch' then 'batch' else 'sync' end as processing_mode,
    'exclusive' as usage_basis,
    usage_input_tokens_no_cache as input_tokens,
    usage_input_tokens_cache_read as cache_read_tokens,
    usage_input_tokens_cache_write_5m as cache_write_5m_tokens,
    usage_input_tokens_cache_write_1h as cache_write_1h_tokens,
    usage_output_tokens as output_tokens,
    web_search_count as web_search_requests,
    0::bigint as request_count,
    'leaf' as accounting_role
from landed
