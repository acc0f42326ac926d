-- A night as the steps would leave it: run RUN of window 2026-11-14 with 46 rows read, a late
-- event and a correction of the 13th, one batch call without a price. Nothing in it is wrong.
set role meterr_loader;

insert into ops.runs (run_id, source, window_start, window_end, trigger, status)
select
    'old00' || to_char(d, 'YYYYMMDD'), 'supabase', d, d + interval '1 day', 'test', 'published'
from generate_series(timestamptz '2026-11-10 00:00Z', '2026-11-13 00:00Z', '1 day') as d;

insert into ops.publications (run_id) select run_id from ops.runs;

insert into ops.windows (
    source, window_start, window_end, run_id, publication_no, rows_read, dead_count
)
select source, window_start, window_end, run_id, publication_no, 50, 0
from ops.runs inner join ops.publications using (run_id);

insert into ops.run_verdicts select run_id, 'revision', 1 from ops.runs;

insert into ops.published_days (
    event_date, version, run_id, publication_no, reference_version, event_count, late_event_count
)
select window_start::date, 1, run_id, publication_no, 1, 20, 0
from ops.runs inner join ops.publications using (run_id);

insert into ops.runs (run_id, source, window_start, window_end, trigger)
values ('RUN', 'supabase', '2026-11-14 00:00Z', '2026-11-15 00:00Z', 'test');

insert into ops.run_steps (run_id, step, attempt, status, metrics) values (
    'RUN', 'extract', 1, 'succeeded',
    '{"rows_read": 46, "columns_missing": [], "columns_retyped": {}, "columns_unknown": [],
      "mapping_lines": {"model": "events.sql:20", "organization_id": "events.sql:9"},
      "cursor_columns": ["updated_at", "created_at"],
      "watched_columns": ["id", "organization_id", "created_at"]}'
);

insert into ops.run_days (run_id, event_date, base_version, cause)
values ('RUN', '2026-11-13', 1, 'late or corrected'), ('RUN', '2026-11-14', 0, 'window');

insert into ops.run_verdicts (run_id, verdict, row_count) values
('RUN', 'new', 42), ('RUN', 'revision', 1), ('RUN', 'unchanged', 2), ('RUN', 'superseded', 1),
('RUN', 'void', 0), ('RUN', 'dead', 0);

-- landing
create table landing.supabase__RUN as
select
    gen_random_uuid() as id,
    'tenant-a' as organization_id,
    timestamptz '2026-11-14 00:00Z' + n * interval '30 minutes' as created_at,
    timestamptz '2026-11-14 00:00Z' + n * interval '30 minutes' as updated_at
from generate_series(1, 46) as n;

create table landing.supabase_organizations__RUN (id text);
insert into landing.supabase_organizations__RUN values ('tenant-a'), ('tenant-b');
create table landing.supabase_users__RUN (id text);
insert into landing.supabase_users__RUN values ('user-1'), ('user-2');

-- staging
insert into staging.sources (source) values ('supabase');

insert into staging.owners (owner_key, tenant_id, user_id) values (1, 'tenant-a', 'user-1');
create table staging.batch_owners__RUN (like staging.owners);
insert into staging.batch_owners__RUN (owner_key, tenant_id, user_id)
values (2, 'tenant-b', 'user-2');

insert into staging.skus (
    sku_key, provider, model, processing_mode, accounting_role, is_gateway_cache_hit,
    reported_cost_currency
) values (10, 'openai', 'gpt-known', 'sync', 'leaf', false, 'USD');
create table staging.batch_skus__RUN (like staging.skus);
insert into staging.batch_skus__RUN (
    sku_key, provider, model, processing_mode, accounting_role, is_gateway_cache_hit
) values
(20, 'openai', 'gpt-known', 'batch', 'leaf', false), (30, 'agent', 'trace', 'sync', 'rollup', false);

create table staging.token_events_20261113 partition of staging.token_events
for values in ('2026-11-13');

create function pg_temp.event_of(n integer, day date, sku bigint) returns staging.token_events
language sql as $$
    select (e).* from (
        select jsonb_populate_record(
            null::staging.token_events,
            jsonb_build_object(
                'event_date', day, 'run_no', 1, 'source_id', 1,
                'event_at', day + time '08:00' + n * interval '1 minute',
                'source_updated_at', day + time '08:00' + n * interval '1 minute',
                'event_key', md5(day || ' ' || n)::uuid,
                'owner_key', 1 + n % 2, 'sku_key', sku,
                'uncached_input_tokens', 1000 + n, 'output_tokens', 100 + n, 'request_count', 1,
                'reported_cost',
                case sku when 10 then (1000 + n) * 0.000002 + (100 + n) * 0.00001 end
            )
        ) as e
    ) as one
$$;

insert into staging.token_events
select e.* from generate_series(1, 20) as n, pg_temp.event_of(n, '2026-11-13', 10) as e;

create table staging.batch__RUN (like staging.token_events) partition by list (event_date);
create table staging.batch_20261114__RUN partition of staging.batch__RUN
for values in ('2026-11-14');
create table staging.batch_other__RUN partition of staging.batch__RUN default;

insert into staging.batch__RUN
select e.* from generate_series(1, 39) as n, pg_temp.event_of(n, '2026-11-14', 10) as e
union all select e.* from pg_temp.event_of(40, '2026-11-14', 20) as e
union all select e.* from pg_temp.event_of(41, '2026-11-14', 30) as e
-- the correction of one published event, and one late event
union all select e.* from pg_temp.event_of(7, '2026-11-13', 10) as e
union all select e.* from pg_temp.event_of(21, '2026-11-13', 10) as e;
update staging.batch__RUN set run_no = (select run_no from ops.runs where run_id = 'RUN');

create table staging.superseded__RUN as
select event_date, source_id, event_key from staging.token_events
where event_key = md5('2026-11-13 7')::uuid;

-- candidate
reset role;
create schema candidate_RUN authorization meterr_transformer;
set role meterr_transformer;
set search_path = candidate_RUN;

create view affected_events as
select e.* from staging.token_events as e
where
    e.event_date = any ('{2026-11-13}'::date[])
    and not exists (select from staging.superseded__RUN as s where s.event_key = e.event_key)
union all
select * from staging.batch__RUN;
create view owners as
select * from staging.owners union all select * from staging.batch_owners__RUN;
create view skus as select * from staging.skus union all select * from staging.batch_skus__RUN;
create table sku_rate_keys as
select sku_key, provider as provider_id, case when sku_key < 30 then model end as model_id
from skus;

create table charge_parts (
    charge_date date, tenant_id text, used_cost numeric, billed_cost numeric, currency text
);

create table fct_usage_cost_daily as
select
    e.event_date as charge_date,
    o.tenant_id,
    k.provider,
    k.model,
    'unassigned' as region,
    'default' as service_tier,
    k.processing_mode,
    v.token_type,
    case when v.price is not null then k.model || ' ' || v.token_type end as rate_id,
    case when v.price is not null then 'priced' when v.token_type = 'request' then 'not_billed'
    else 'unpriced' end as pricing_status,
    sum(v.quantity)::numeric as consumed_quantity,
    v.price as list_unit_price,
    v.price as contracted_unit_price,
    sum(v.quantity) * v.price as list_cost,
    sum(v.quantity) * v.price as contracted_cost,
    sum(v.quantity) * v.price as effective_cost,
    sum(v.quantity) * v.price as billed_cost,
    'USD' as billing_currency
from affected_events as e
inner join owners as o using (owner_key)
inner join skus as k using (sku_key)
cross join lateral (values
    ('uncached_input', e.uncached_input_tokens, case k.sku_key when 10 then 0.000002 end),
    ('output', e.output_tokens, case k.sku_key when 10 then 0.00001 end),
    ('request', e.request_count, null)
) as v (token_type, quantity, price)
where k.accounting_role = 'leaf'
group by 1, 2, 3, 4, 7, 8, 9, 10, 12;

create table fct_usage_by_owner_daily as
select
    charge_date, tenant_id, billing_currency,
    sum(consumed_quantity) filter (where token_type = 'request') as request_count,
    sum(consumed_quantity) filter (where token_type = 'uncached_input') as uncached_input_tokens,
    0::numeric as cache_read_tokens, 0::numeric as cache_write_tokens,
    0::numeric as cache_write_5m_tokens, 0::numeric as cache_write_1h_tokens,
    0::numeric as input_audio_tokens,
    sum(consumed_quantity) filter (where token_type = 'output') as output_tokens,
    0::numeric as reasoning_tokens, 0::numeric as output_audio_tokens,
    sum(consumed_quantity) filter (where token_type <> 'request') as total_tokens,
    coalesce(sum(consumed_quantity) filter (where pricing_status = 'unpriced'), 0)
        as unpriced_tokens,
    sum(list_cost) as list_cost, sum(contracted_cost) as contracted_cost,
    sum(effective_cost) as effective_cost, sum(billed_cost) as billed_cost
from fct_usage_cost_daily
group by 1, 2, 3;

create table usage_by_team_daily as
select
    charge_date, tenant_id, billing_currency, request_count,
    uncached_input_tokens as input_tokens, output_tokens, cache_read_tokens, total_tokens,
    unpriced_tokens, list_cost, contracted_cost, effective_cost, billed_cost
from fct_usage_by_owner_daily;
create table usage_by_model_daily as select * from usage_by_team_daily;
create table usage_by_user_daily as select * from usage_by_team_daily;
create table usage_by_feature_daily as select * from usage_by_team_daily;
create table usage_by_environment_daily as select * from usage_by_team_daily;
create table usage_by_tenant_daily as select * from usage_by_team_daily;
create table usage_by_hour as select * from usage_by_team_daily;
create table fct_allocated_cost_daily as
select
    charge_date, tenant_id, billing_currency, list_cost, contracted_cost, effective_cost,
    billed_cost
from usage_by_team_daily;

grant usage on schema candidate_RUN to meterr_loader, meterr_publisher;
grant select on all tables in schema candidate_RUN to meterr_loader, meterr_publisher;

-- what is published of the days before
reset search_path;
set role meterr_publisher;
create table if not exists marts.usage_by_team_daily (
    charge_date date not null, tenant_id text, tenant_name text, team_id text, team_name text,
    cost_center text, request_count bigint, input_tokens numeric, output_tokens numeric,
    cache_read_tokens numeric, total_tokens numeric, unpriced_tokens numeric, list_cost numeric,
    contracted_cost numeric, effective_cost numeric, billed_cost numeric, billing_currency text
);
insert into marts.usage_by_team_daily (
    charge_date, tenant_id, tenant_name, team_id, team_name, cost_center, request_count,
    input_tokens, output_tokens, cache_read_tokens, total_tokens, unpriced_tokens,
    list_cost, contracted_cost, effective_cost, billed_cost, billing_currency
)
select
    d, 'tenant-a', 'A', 'unassigned', 'Unassigned', 'unassigned', 25,
    25000, 2500, 0, 27500, 0, 0.075, 0.075, 0.075, 0.075, 'USD'
from generate_series(date '2026-11-10', '2026-11-13', '1 day') as d;
create table if not exists marts.usage_by_model_daily (
    charge_date date not null, tenant_id text, tenant_name text, provider text, model text,
    request_count bigint, input_tokens numeric, output_tokens numeric,
    cache_read_tokens numeric, total_tokens numeric, unpriced_tokens numeric, list_cost numeric,
    contracted_cost numeric, effective_cost numeric, billed_cost numeric, billing_currency text
);
insert into marts.usage_by_model_daily (
    charge_date, tenant_id, tenant_name, provider, model, request_count, input_tokens,
    output_tokens, cache_read_tokens, total_tokens, unpriced_tokens, list_cost,
    contracted_cost, effective_cost, billed_cost, billing_currency
)
select
    u.charge_date, u.tenant_id, u.tenant_name, 'openai', 'gpt-known', u.request_count,
    u.input_tokens, u.output_tokens, u.cache_read_tokens, u.total_tokens, u.unpriced_tokens,
    u.list_cost, u.contracted_cost, u.effective_cost, u.billed_cost, u.billing_currency
from marts.usage_by_team_daily as u;
reset role;
