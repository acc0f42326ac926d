"""Create the canonical events, cut by day, and what they point to (DESIGN §5, ARCHITECTURE).

An event row is small: who caused it, which kind of call it was and its tags are 64-bit hashes of
their content, so that runs need no shared sequence and can map rows without a look-up.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

EVENT_COLUMNS = """
    event_date date not null,
    run_no integer not null,
    event_at timestamptz not null,
    source_updated_at timestamptz not null,
    event_key uuid not null,
    owner_key bigint not null,
    sku_key bigint not null,
    tag_key bigint,
    uncached_input_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    cache_write_5m_tokens bigint,
    cache_write_1h_tokens bigint,
    input_audio_tokens bigint,
    output_tokens bigint,
    reasoning_tokens bigint,
    output_audio_tokens bigint,
    web_search_requests bigint,
    request_count bigint not null,
    latency_ms integer,
    source_id smallint not null,
    reported_cost numeric,
    source_event_id text,
    session_id text,
    extra_units jsonb
"""

STATEMENTS = """
create table staging.sources (
    source_id smallint generated always as identity primary key,
    source text not null unique
);

create table staging.owners (
    owner_key bigint primary key,
    tenant_id text not null,
    project_id text,
    user_id text,
    api_key_id text,
    environment text,
    feature text
);
create index owners_by_tenant on staging.owners (tenant_id);

create table staging.skus (
    sku_key bigint primary key,
    provider text not null,
    model text not null,
    model_requested text,
    region text,
    service_tier text,
    processing_mode text not null,
    accounting_role text not null,
    status text,
    is_gateway_cache_hit boolean not null,
    reported_cost_currency text
);

create table staging.tag_sets (
    tag_key bigint primary key,
    tags jsonb not null
);

create table staging.token_events (__EVENT_COLUMNS__) partition by list (event_date);
create unique index token_events_identity
    on staging.token_events (event_key, source_id, event_date);

create table staging.token_event_revisions (
    __EVENT_COLUMNS__,
    superseded_by_run_no integer not null
);

-- Ids of published rows that their source marks as revised: what a run that looked for ids
-- before this publication must look at once more.
create table staging.marked_ids (
    publication_no bigint not null references ops.publications,
    source_id smallint not null,
    event_key uuid not null,
    primary key (publication_no, source_id, event_key)
);

create table staging.dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    run_id text not null references ops.runs,
    source text not null,
    source_event_id text,
    reasons text[] not null check (cardinality(reasons) > 0),
    raw jsonb not null,
    died_at timestamptz not null default clock_timestamp()
);
create index dead_letters_by_run on staging.dead_letters (run_id);
create index dead_letters_by_event on staging.dead_letters (source, source_event_id);

alter table staging.owners enable row level security;
alter table staging.token_events enable row level security;
alter table staging.token_event_revisions enable row level security;
alter table staging.dead_letters enable row level security;

create policy reader_sees_own_tenants on staging.owners for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy reader_sees_published_days_of_own_tenants on staging.token_events
    for select to meterr_analyst
    using (
        event_date in (select d.event_date from ops.published_days as d)
        and exists (select from staging.owners as o where o.owner_key = token_events.owner_key)
    );
create policy pipeline_reads_all on staging.owners for select to meterr_transformer using (true);
create policy pipeline_reads_all on staging.token_events
    for select to meterr_transformer using (true);
create policy auditor_reads_all on staging.owners for select to meterr_auditor using (true);
create policy auditor_reads_published_days on staging.token_events for select to meterr_auditor
    using (event_date in (select d.event_date from ops.published_days as d));

grant select on staging.owners, staging.skus, staging.token_events, staging.sources
    to meterr_analyst, meterr_auditor;

create view staging.published_events with (security_invoker) as
select
    e.event_date,
    s.source,
    coalesce(e.source_event_id, e.event_key::text) as source_event_id,
    e.event_at,
    e.source_updated_at,
    o.tenant_id,
    o.project_id,
    o.user_id,
    o.api_key_id,
    o.environment,
    o.feature,
    e.session_id,
    k.provider,
    k.model,
    k.model_requested,
    k.region,
    k.service_tier,
    k.processing_mode,
    k.accounting_role,
    k.status,
    k.is_gateway_cache_hit,
    e.uncached_input_tokens,
    e.cache_read_tokens,
    e.cache_write_tokens,
    e.cache_write_5m_tokens,
    e.cache_write_1h_tokens,
    e.input_audio_tokens,
    e.output_tokens,
    e.reasoning_tokens,
    e.output_audio_tokens,
    e.web_search_requests,
    e.request_count,
    e.extra_units,
    e.latency_ms,
    e.reported_cost,
    k.reported_cost_currency,
    e.owner_key,
    e.sku_key,
    e.tag_key,
    e.run_no
from staging.token_events as e
inner join staging.owners as o using (owner_key)
inner join staging.skus as k using (sku_key)
inner join staging.sources as s using (source_id)
where e.event_date in (select d.event_date from ops.published_days as d);
grant select on staging.published_events to meterr_analyst, meterr_auditor;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS.replace("__EVENT_COLUMNS__", EVENT_COLUMNS))
    op.execute("reset role")
