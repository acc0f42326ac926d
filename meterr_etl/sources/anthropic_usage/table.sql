-- The export's columns as it writes them, and whose account it is of.
create table public.anthropic_usage (
    usage_date_utc timestamptz not null,
    model_version text,
    api_key text,
    workspace text,
    usage_type text,
    context_window text,
    usage_input_tokens_no_cache text,
    usage_input_tokens_cache_write_5m text,
    usage_input_tokens_cache_write_1h text,
    usage_input_tokens_cache_read text,
    usage_output_tokens text,
    web_search_count text,
    inference_geo text,
    tenant_id text not null default 'anthropic',
    loaded_at timestamptz not null default now(),
    bucket_id text not null generated always as (md5(
        extract(epoch from usage_date_utc - timestamptz '2000-01-01 00:00:00+00')::text || '/' || coalesce(model_version, '')
        || '/' || coalesce(api_key, '') || '/' || coalesce(workspace, '') || '/'
        || coalesce(usage_type, '') || '/' || coalesce(context_window, '') || '/'
        || coalesce(inference_geo, '') || '/' || tenant_id
    )) stored unique
);
