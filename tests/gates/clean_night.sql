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
