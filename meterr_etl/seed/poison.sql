-- What the column types allow and the contract does not: a few rows per day, each one fault.
with faults (
    fault, provider, input_tokens, output_tokens, cache_read_tokens, reasoning_tokens, created_at
) as (
    values
    ('negative tokens', 'mistral', -118, 40, null, null, null),
    ('cached above input', 'openai', 500, 40, 900, null, null),
    ('reasoning above output', 'openai', 500, 40, 0, 90, null),
    ('before the epoch', 'openai', 500, 40, 0, null, timestamptz '1970-01-01 00:00:00+00'),
    ('far future', 'openai', 500, 40, 0, null, timestamptz '2099-12-31 23:59:59+00'),
    ('no organization', 'openai', 500, 40, 0, null, null),
    ('oversized tags', 'openai', 500, 40, 0, null, null)
)

insert into public.token_usage (
    id, organization_id, provider, model, input_tokens, output_tokens, cache_read_tokens,
    reasoning_tokens, is_batch, status, metadata, created_at, updated_at
)
select
    md5(concat_ws(':', %(seed)s::text, f.fault, %(day)s::date))::uuid,
    case when f.fault <> 'no organization' then t.id end,
    f.provider,
    case f.provider when 'mistral' then 'mistral-large-latest' else 'gpt-4o-mini' end,
    f.input_tokens,
    f.output_tokens,
    f.cache_read_tokens,
    f.reasoning_tokens,
    false,
    'success',
    -- Hash digits, so that ten megabytes stay ten megabytes under compression.
    case when f.fault = 'oversized tags' then (
        select jsonb_build_object('note', string_agg(md5(g::text), '' order by g))
        from generate_series(1, 327680) as g
    ) end,
    coalesce(f.created_at, %(day)s::date::timestamp at time zone 'UTC' + interval '11 hours'),
    %(day)s::date::timestamp at time zone 'UTC' + interval '11 hours'
from faults as f
inner join seed_tenants as t on t.tenant_no = 1
where f.fault <> 'oversized tags' or %(with_oversized)s
on conflict (id) do nothing;
