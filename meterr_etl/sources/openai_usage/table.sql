-- The export's columns as it writes them, and whose account it is of.
create table public.openai_usage (
    start_time text,
    end_time text,
    start_time_iso timestamptz not null,
    end_time_iso timestamptz,
    input_tokens text,
    output_tokens text,
    num_model_requests text,
    project_id text,
    user_id text,
    api_key_id text,
    model text,
    batch text,
    service_tier text,
    input_cached_tokens text,
    input_uncached_tokens text,
    input_audio_tokens text,
    output_audio_tokens text,
    tenant_id text not null default 'openai',
    loaded_at timestamptz not null default now(),
    bucket_id text not null generated always as (md5(
        coalesce(start_time, '') || '/' || coalesce(end_time, '') || '/' || coalesce(project_id, '')
        || '/' || coalesce(user_id, '') || '/' || coalesce(api_key_id, '') || '/'
        || coalesce(model, '') || '/' || coalesce(batch, '') || '/' || coalesce(service_tier, '')
        || '/' || tenant_id
    )) stored unique
);
