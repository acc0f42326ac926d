-- The least that yields the same numbers: no gates, no ledger, no dead letters, no history.
begin;
drop table if exists bench.events, bench.by_owner, bench.cost_lines, bench.by_team,
    bench.by_model, bench.by_user, bench.by_hour;
analyze bench.token_usage;

create table bench.events as
select distinct on (id)
    id,
    (created_at at time zone 'UTC')::date as event_date,
    created_at,
    organization_id,
    project_id,
    user_id,
    api_key_id,
    environment,
    feature,
    provider,
    model,
    service_tier,
    case when is_batch then 'batch' else 'sync' end as processing_mode,
    case
        when provider = 'anthropic' then input_tokens
        else
            input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_5m_tokens, 0)
            - coalesce(cache_write_1h_tokens, 0)
    end - coalesce(input_audio_tokens, 0) as uncached_input,
    cache_read_tokens as cache_read,
    cache_write_5m_tokens as cache_write_5m,
    cache_write_1h_tokens as cache_write_1h,
    input_audio_tokens as input_audio,
    output_tokens - coalesce(reasoning_tokens, 0) - coalesce(output_audio_tokens, 0) as output,
    reasoning_tokens as reasoning,
    output_audio_tokens as output_audio,
    web_search_requests as web_search,
    session_id,
    status,
    latency_ms,
    cost_usd,
    metadata,
    updated_at
from bench.token_usage
where
    organization_id is not null
    and created_at between '2020-01-01' and updated_at
    and least(input_tokens, output_tokens) >= 0
    and output_tokens >= coalesce(reasoning_tokens, 0) + coalesce(output_audio_tokens, 0)
    and (
        provider = 'anthropic'
        or input_tokens >= coalesce(cache_read_tokens, 0) + coalesce(input_audio_tokens, 0)
    )
    and coalesce(octet_length(metadata::text), 0) < 65536
order by id, updated_at desc;
alter table bench.events add primary key (id);
analyze bench.events;

create table bench.by_owner as
select
    e.event_date,
    e.organization_id,
    coalesce(p.team_id, u.team_id) as team_id,
    coalesce(e.project_id, k.project_id) as project_id,
    e.user_id,
    e.api_key_id,
    e.environment,
    e.feature,
    e.provider,
    e.model,
    e.service_tier,
    e.processing_mode,
    count(*) as request_count,
    sum(e.uncached_input) as uncached_input,
    sum(e.cache_read) as cache_read,
    sum(e.cache_write_5m) as cache_write_5m,
    sum(e.cache_write_1h) as cache_write_1h,
    sum(e.input_audio) as input_audio,
    sum(e.output) as output,
    sum(e.reasoning) as reasoning,
    sum(e.output_audio) as output_audio,
    sum(e.web_search) as web_search
from bench.events as e
left join bench.api_keys as k on k.id = e.api_key_id
left join bench.projects as p on p.id = coalesce(e.project_id, k.project_id)
left join bench.users as u on u.id = e.user_id
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
analyze bench.by_owner;

create table bench.cost_lines as
select
    o.event_date,
    o.organization_id,
    o.team_id,
    o.project_id,
    t.cost_center,
    o.user_id,
    o.environment,
    o.feature,
    o.provider,
    o.model,
    o.service_tier,
    o.processing_mode,
    l.token_type,
    r.rate_id,
    r.unit_price,
    l.quantity,
    l.quantity * r.unit_price as list_cost
from bench.by_owner as o
cross join lateral (
    values
    ('uncached_input', o.uncached_input),
    ('cache_read', o.cache_read),
    ('cache_write_5m', o.cache_write_5m),
    ('cache_write_1h', o.cache_write_1h),
    ('input_audio', o.input_audio),
    ('output', o.output),
    ('reasoning', o.reasoning),
    ('output_audio', o.output_audio),
    ('web_search', o.web_search),
    ('request', o.request_count)
) as l (token_type, quantity)
left join bench.teams as t on t.id = o.team_id
left join reference.rates as r
    on
        r.provider_id = o.provider
        and r.model_id = o.model
        and r.token_type = l.token_type
        and r.processing_mode = o.processing_mode
        and r.service_tier = 'standard'
        and r.context_above_tokens = 0
        and r.retired_by is null
        and o.event_date >= r.valid_from
        and (r.valid_to is null or o.event_date < r.valid_to)
where l.quantity > 0;

create table bench.by_team as
select event_date, organization_id, team_id, cost_center, sum(quantity) as quantity,
    sum(list_cost) as list_cost
from bench.cost_lines group by 1, 2, 3, 4;
create table bench.by_model as
select event_date, organization_id, provider, model, sum(quantity) as quantity,
    sum(list_cost) as list_cost
from bench.cost_lines group by 1, 2, 3, 4;
create table bench.by_user as
select event_date, organization_id, user_id, team_id, sum(quantity) as quantity,
    sum(list_cost) as list_cost
from bench.cost_lines group by 1, 2, 3, 4;
create table bench.by_hour as
select date_trunc('hour', created_at, 'UTC') as hour_at, organization_id, count(*) as request_count,
    sum(uncached_input) + sum(cache_read) as input_tokens, sum(output) as output_tokens
from bench.events group by 1, 2;
commit;
