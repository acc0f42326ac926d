-- Two days by hand, with every case that prices or owns differently, and some hundred ordinary
-- calls around them. The test computes its expectations from these very rows.
insert into ops.runs (run_id, source, window_start, window_end, trigger)
values
('dbtnight1', 'supabase', '2026-11-15 00:00+00', '2026-11-16 00:00+00', 'test'),
('dbtnight2', 'supabase', '2026-11-16 00:00+00', '2026-11-17 00:00+00', 'test'),
('dbtnight3', 'supabase', '2026-11-17 00:00+00', '2026-11-18 00:00+00', 'test');

insert into staging.sources (source) values ('supabase');

insert into staging.owners values
(101, 'acme', 'web', 'ann', 'key-web', 'production', 'chat'),
(102, 'acme', null, 'bob', 'key-web', 'production', 'chat'),
(103, 'acme', null, 'ann', null, null, null),
(104, 'acme', 'loose', 'ann', null, 'staging', 'search'),
(105, 'acme', 'theirs', 'eve', 'key-theirs', 'production', null),
(106, 'acme', null, null, null, null, null),
(107, 'other', 'theirs', 'eve', 'key-theirs', 'production', 'chat'),
(108, 'newcomer', 'p1', 'u1', 'k1', 'production', 'chat'),
(109, 'acme', 'web', 'bob', null, 'production', 'chat'),
-- the same as 101 once its key has told the project
(110, 'acme', null, 'ann', 'key-web', 'production', 'chat');

insert into staging.skus values
(201, 'openai', 'gpt-4o', 'gpt-4o', null, null, 'sync', 'leaf', 'ok', false, 'USD'),
-- priced like 201; only the status differs
(202, 'openai', 'gpt-4o', 'gpt-4o', null, null, 'sync', 'leaf', 'error', false, 'USD'),
(203, 'anthropic', 'claude-4-latest', null, 'us', 'standard', 'sync', 'leaf', 'ok', false, null),
(204, 'openai', 'llama-at-home', null, null, null, 'sync', 'leaf', 'ok', false, null),
(205, 'openai', 'gpt-4o', null, null, null, 'batch', 'leaf', 'ok', false, null),
(206, 'openai', 'gpt-4o', null, null, null, 'sync', 'rollup', 'ok', false, null),
(207, 'openai', 'gpt-4o', null, null, null, 'sync', 'leaf', 'ok', true, null),
(208, 'perplexity', 'sonar', null, null, null, 'sync', 'leaf', 'ok', false, null);

insert into reference.changes (kind) values ('test');
insert into reference.rates
select
    r.rate_id, 'by hand', '1', r.provider_id, r.model_id, r.token_type, r.processing_mode,
    'default', r.context, r.valid_from, r.valid_to, r.price, 'USD', 1, null
from (
    values
    ('g-in-old', 'openai', 'gpt-4o', 'uncached_input', 'sync', 0, date '2026-01-01', date '2026-11-16', 0.0000031),
    ('g-in', 'openai', 'gpt-4o', 'uncached_input', 'sync', 0, '2026-11-16', null, 0.0000025),
    ('g-cache', 'openai', 'gpt-4o', 'cache_read', 'sync', 0, '2026-01-01', null, 0.00000125),
    ('g-out', 'openai', 'gpt-4o', 'output', 'sync', 0, '2026-01-01', null, 0.00001),
    ('g-think', 'openai', 'gpt-4o', 'reasoning', 'sync', 0, '2026-01-01', null, 0.00001),
    ('g-image', 'openai', 'gpt-4o', 'input_image', 'sync', 0, '2026-01-01', null, 0.0021),
    ('g-batch', 'openai', 'gpt-4o', 'output', 'batch', 0, '2026-11-16', null, 0.000005),
    ('c-in', 'anthropic', 'claude-4', 'uncached_input', 'sync', 0, '2026-01-01', null, 0.000003),
    ('c-in-200k', 'anthropic', 'claude-4', 'uncached_input', 'sync', 200000, '2026-01-01', null, 0.000006),
    ('c-5m', 'anthropic', 'claude-4', 'cache_write_5m', 'sync', 0, '2026-01-01', null, 0.00000375),
    ('c-5m-200k', 'anthropic', 'claude-4', 'cache_write_5m', 'sync', 200000, '2026-01-01', null, 0.0000075),
    ('c-out', 'anthropic', 'claude-4', 'output', 'sync', 0, '2026-01-01', null, 0.000015),
    ('c-out-200k', 'anthropic', 'claude-4', 'output', 'sync', 200000, '2026-01-01', null, 0.0000225),
    ('c-search', 'anthropic', 'claude-4', 'web_search', 'sync', 0, '2026-01-01', null, 0.01),
    ('s-out', 'perplexity', 'sonar', 'output', 'sync', 0, '2026-01-01', null, 0),
    ('s-fee', 'perplexity', 'sonar', 'request', 'sync', 0, '2026-01-01', null, 0.005)
) as r (
    rate_id, provider_id, model_id, token_type, processing_mode, context, valid_from, valid_to, price
);

insert into reference.source_dimensions
    (source, entity, entity_id, tenant_id, source_updated_at, content, run_id)
select 'supabase', d.entity, d.entity_id, d.tenant_id, d.seen_at, d.content::jsonb, 'dbtnight1'
from (
    values
    ('organizations', 'acme', 'acme', timestamptz '2026-01-01', '{"name": "Acme Inc", "billing_currency": "USD"}'),
    ('organizations', 'acme', 'acme', '2026-02-01', '{"name": "Acme", "billing_currency": "USD"}'),
    ('organizations', 'other', 'other', '2026-01-01', '{"name": "Other", "billing_currency": "EUR"}'),
    ('teams', 'core', 'acme', '2026-01-01', '{"name": "Core", "cost_center": "CC1"}'),
    ('teams', 'ops', 'acme', '2026-01-01', '{"name": "Ops", "cost_center": null}'),
    ('teams', 'theirs', 'other', '2026-01-01', '{"name": "Theirs", "cost_center": "CC9"}'),
    ('projects', 'web', 'acme', '2026-01-01', '{"name": "Web", "team_id": "core"}'),
    ('projects', 'loose', 'acme', '2026-01-01', '{"name": "Loose", "team_id": null}'),
    ('projects', 'theirs', 'other', '2026-01-01', '{"name": "Theirs", "team_id": "theirs"}'),
    ('users', 'ann', 'acme', '2026-01-01', '{"team_id": "ops"}'),
    ('users', 'bob', 'acme', '2026-01-01', '{"team_id": "core"}'),
    ('users', 'eve', 'other', '2026-01-01', '{"team_id": "theirs"}'),
    ('api_keys', 'key-web', 'acme', '2026-01-01', '{"project_id": "web"}'),
    ('api_keys', 'key-theirs', 'other', '2026-01-01', '{"project_id": "theirs"}')
) as d (entity, entity_id, tenant_id, seen_at, content);

create table staging.token_events_20261115
    partition of staging.token_events for values in ('2026-11-15');
create table staging.token_events_20261116
    partition of staging.token_events for values in ('2026-11-16');

-- owner, sku, time, uncached, read, write 5m, output, reasoning, audio, searches, requests, extra
insert into staging.token_events (
    event_date, event_at, source_updated_at, run_no, source_id, event_key, owner_key, sku_key,
    uncached_input_tokens, cache_read_tokens, cache_write_5m_tokens, output_tokens,
    reasoning_tokens, input_audio_tokens, web_search_requests, request_count, extra_units
)
select
    (e.event_at at time zone 'UTC')::date, e.event_at, e.event_at, 1, 1,
    md5(e.event_at::text || e.owner_key || e.sku_key || e.n)::uuid, e.owner_key, e.sku_key,
    e.uncached, e.cached, e.written, e.output, e.reasoning, e.audio, e.searches, e.requests,
    e.extra::jsonb
from (
    values
    (1, 101, 201, timestamptz '2026-11-15 23:59:59.999999+00', 1000, 9000, null, 50, 30, null, null, 1, null),
    (2, 101, 201, '2026-11-16 00:00:00+00', 1000, 9000, null, 50, 30, null, null, 1, null),
    (3, 110, 202, '2026-11-16 09:59:59+00', 7, 0, null, 0, null, null, null, 1, null),
    (4, 102, 201, '2026-11-16 10:00:00+00', 13, null, null, 17, null, null, null, 1, '{"input_image": 3}'),
    (5, 103, 203, '2026-11-16 10:30:00+00', 199999, null, null, 5, null, null, null, 1, null),
    (6, 103, 203, '2026-11-16 10:31:00+00', 199000, null, 1000, 5, null, null, 2, 1, null),
    (7, 103, 203, '2026-11-16 10:32:00+00', 199001, null, 1000, 5, null, null, 1, 1, null),
    (8, 104, 204, '2026-11-16 11:00:00+00', 500, null, null, 600, null, null, null, 1, null),
    (9, 105, 205, '2026-11-15 11:00:00+00', 10, null, null, 20, null, null, null, 1, null),
    (10, 105, 205, '2026-11-16 11:00:00+00', 10, null, null, 20, null, null, null, 1, null),
    (11, 106, 206, '2026-11-16 12:00:00+00', 1000000, null, null, 1000000, null, null, null, 1, null),
    (12, 106, 207, '2026-11-16 12:00:00+00', 1000, null, null, 40, null, null, null, 1, null),
    (13, 107, 208, '2026-11-16 12:00:00+00', 1000, null, null, 40, null, null, null, 3, null),
    (14, 108, 201, '2026-11-16 13:00:00+00', 1, null, null, 1, null, 25, null, 1, '{"video_seconds": 2.5}'),
    (15, 109, 201, '2026-11-16 14:00:00+00', null, null, null, null, null, null, null, 1, null)
) as e (
    n, owner_key, sku_key, event_at, uncached, cached, written, output, reasoning, audio,
    searches, requests, extra
)
union all
select
    date '2026-11-15' + n % 2,
    timestamptz '2026-11-15 00:00+00' + (n % 2) * interval '1 day' + n * interval '211 seconds',
    '2026-11-17 00:00+00', 1, 1, md5(n::text)::uuid, 101 + n % 10, 201 + n % 8,
    n * 37, nullif(n % 5, 0) * 1009, nullif(n % 7, 0) * 211, n * 3, nullif(n % 4, 0) * 17,
    nullif(n % 11, 0) * 2, nullif(n % 13, 0), 1,
    case when n % 9 = 0 then jsonb_build_object('input_image', n % 3) end
from generate_series(1, 400) as n;

insert into ops.publications (run_id) values ('dbtnight1'), ('dbtnight2');
insert into ops.published_days
    (event_date, version, run_id, publication_no, reference_version, event_count, late_event_count)
values
('2026-11-15', 2, 'dbtnight2', 2, 1, 200, 50),
('2026-11-16', 1, 'dbtnight2', 2, 1, 215, 0);
insert into ops.windows
    (source, window_start, window_end, run_id, publication_no, rows_read, dead_count)
values
('supabase', '2026-11-15 00:00+00', '2026-11-16 00:00+00', 'dbtnight1', 1, 200, 1),
('supabase', '2026-11-16 00:00+00', '2026-11-17 00:00+00', 'dbtnight2', 2, 250, 0);

insert into reference.budgets
    (tenant_id, name, scope, scope_id, first_month, amount, currency, warn_at_share, reference_version)
select r.tenant_id, 'all', 'tenant', r.tenant_id, '2026-11-01', 100, 'USD', 0.8, 1
from (values ('acme'), ('other')) as r (tenant_id);

-- What the transform step puts into a candidate before dbt starts.
create schema candidate_s1;
grant create, usage on schema candidate_s1 to meterr_transformer;
create table candidate_s1.affected_events as select * from staging.token_events;
create table candidate_s1.affected_days as select distinct event_date from staging.token_events;
create table candidate_s1.owners as select *, timestamptz '2026-11-15' as owned_at from staging.owners;
create table candidate_s1.allocation_pools (
    tenant_id text, pool text, pool_order integer, valid_from date, valid_to date, period text, team_id text[],
    project_id text[], cost_center text[], environment text[], feature text[], provider text[],
    model text[], region text[], service_tier text[], processing_mode text[], token_type text[],
    user_id text[], api_key_id text[], tags jsonb
);
create table candidate_s1.allocation_shares (
    charge_date date, tenant_id text, billing_currency text, pool text, allocation_status text,
    cost_center text, team_id text, project_id text, rule_version bigint,
    share_numerator numeric, share_denominator numeric
);
create table candidate_s1.published_pools as select * from marts.fct_pooled_cost_daily;
create table candidate_s1.charge_parts (
    charge_date date, tenant_id text, charge text, charge_kind text, provider text, team_id text,
    project_id text, cost_center text, used_cost numeric, billed_cost numeric, currency text
);
create table candidate_s1.moves (
    entity text,
    tenant_id text,
    entity_id text,
    belongs_to text,
    valid_from timestamptz,
    valid_to timestamptz
);
-- One tenant has a contract, and is billed in euros.
create table candidate_s1.contracts as
select 1 as contract_key, 'other'::text as tenant_id, 1::bigint as contract_version;
create table candidate_s1.contract_terms as
select
    1 as contract_key, t.*, null::text as provider, null::text as model,
    null::text as service_tier, null::text as processing_mode, null::date as valid_to
from (
    values
    (0, 'output', 'output', null::numeric, 0.0000075, 'USD', date '2026-01-01'),
    (1, 'rest', null, 12.5, null, null, '2026-11-16')
) as t (term_order, contract_term, token_type, percent_off, unit_price, currency, valid_from);
create table candidate_s1.contract_currencies as
select 1 as contract_key, 'EUR'::text as currency, date '2026-01-01' as valid_from,
    null::date as valid_to;
create table candidate_s1.exchange_rates as
select 'USD'::text as from_currency, 'EUR'::text as to_currency, r.*
from (
    values
    (0.91, date '2026-11-01', date '2026-11-16'),
    (0.9173, '2026-11-16', '2026-12-01')
) as r (rate, valid_from, valid_to);
create table candidate_s1.skus as select * from staging.skus;
create table candidate_s1.tag_sets as select * from staging.tag_sets;
create table candidate_s1.rates as select *, token_type !~ 'web|req' as is_per_token from reference.rates;
create table candidate_s1.sku_rate_keys as
select
    r.sku_key::bigint, r.provider_id, r.model_id, r.rate_service_tier, r.context_thresholds,
    null::time[] as times_of_day, null::numeric as region_multiplier, r.provider_id = 'perplexity' as has_request_fee,
    r.unpriceable_reason
from (
    values
    (201, 'openai', 'gpt-4o', 'default', null::bigint[], null),
    (202, 'openai', 'gpt-4o', 'default', null, null),
    (203, 'anthropic', 'claude-4', 'default', '{200000}', null),
    (204, null, null, null, null, 'unknown_model'),
    (205, 'openai', 'gpt-4o', 'default', null, null),
    (206, 'openai', 'gpt-4o', 'default', null, null),
    (207, 'openai', 'gpt-4o', 'default', null, null),
    (208, 'perplexity', 'sonar', 'default', null, null)
) as r (sku_key, provider_id, model_id, rate_service_tier, context_thresholds, unpriceable_reason);
create table candidate_s1.unit_bases as
select 'input_video'::text as token_type, 'uncached_input'::text as base;
create view candidate_s1.members as
select distinct on (entity, tenant_id, entity_id) *
from reference.source_dimensions
order by entity, tenant_id, entity_id, source_updated_at desc, content_digest desc;
create table candidate_s1.organizations as
select entity_id as id, content ->> 'name' as name, content ->> 'billing_currency' as billing_currency
from candidate_s1.members where entity = 'organizations';
create table candidate_s1.teams as
select
    entity_id as id, tenant_id as organization_id, content ->> 'name' as name,
    content ->> 'cost_center' as cost_center
from candidate_s1.members where entity = 'teams';
create table candidate_s1.projects as
select
    entity_id as id, tenant_id as organization_id, content ->> 'team_id' as team_id,
    content ->> 'name' as name
from candidate_s1.members where entity = 'projects';
create table candidate_s1.users as
select
    entity_id as id, tenant_id as organization_id, content ->> 'team_id' as team_id,
    null::text as email
from candidate_s1.members where entity = 'users';
create table candidate_s1.api_keys as
select
    entity_id as id, tenant_id as organization_id, content ->> 'project_id' as project_id,
    null::text as user_id, null::text as name, null::text as key_hint
from candidate_s1.members where entity = 'api_keys';
alter default privileges in schema candidate_s1 grant select on tables to meterr_transformer;
grant select on all tables in schema candidate_s1 to meterr_transformer;
set search_path = candidate_s1;
