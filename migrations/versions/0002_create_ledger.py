"""Create the ledger: runs, steps, days, windows, publications, verdicts (DESIGN §2, §3)."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = """
create table ops.runs (
    run_id text primary key check (run_id ~ '^[a-z0-9]{8,32}$'),
    run_no integer generated always as identity unique,
    source text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    trigger text not null check (trigger in ('cli', 'airflow', 'test')),
    reason text,
    orchestrator_run_id text,
    status text not null default 'running'
        check (status in ('running', 'published', 'failed', 'abandoned')),
    read_at timestamptz,
    base_publication_no bigint,
    reference_version bigint,
    failed_step text,
    error text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    check (window_start < window_end)
);
create index runs_by_window on ops.runs (source, window_start);

create table ops.run_steps (
    run_id text not null references ops.runs,
    step text not null,
    attempt integer not null,
    status text not null check (status in ('running', 'succeeded', 'failed')),
    metrics jsonb not null default '{}',
    error text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (run_id, step, attempt)
);

create table ops.run_verdicts (
    run_id text not null references ops.runs,
    verdict text not null
        check (verdict in ('new', 'revision', 'unchanged', 'superseded', 'void', 'dead')),
    row_count bigint not null check (row_count >= 0),
    primary key (run_id, verdict)
);

create table ops.run_days (
    run_id text not null references ops.runs,
    event_date date not null,
    base_version bigint not null,
    cause text not null,
    primary key (run_id, event_date)
);

create table ops.publications (
    publication_no bigint generated always as identity primary key,
    run_id text not null unique references ops.runs,
    published_at timestamptz not null default clock_timestamp()
);

create table ops.published_days (
    event_date date primary key,
    version bigint not null,
    run_id text not null references ops.runs,
    publication_no bigint not null references ops.publications,
    reference_version bigint not null,
    event_count bigint not null,
    late_event_count bigint not null,
    published_at timestamptz not null default clock_timestamp()
);

-- What the dbt contract says of each published mart, so that a publish need not import dbt.
create table ops.published_marts (
    name text primary key,
    date_column text not null,
    columns text[] not null,
    key text[] not null,
    partition_by_day boolean not null
);

create table ops.windows (
    source text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    run_id text not null references ops.runs,
    publication_no bigint not null references ops.publications,
    rows_read bigint not null,
    dead_count bigint not null,
    published_at timestamptz not null default clock_timestamp(),
    primary key (source, window_start, window_end)
);

create table ops.gate_verdicts (
    run_id text not null references ops.runs,
    gate text not null check (gate in ('landing', 'staging', 'marts')),
    expectation text not null,
    severity text not null check (severity in ('error', 'warning')),
    outcome text not null check (outcome in ('passed', 'failed', 'not judged')),
    observed text,
    expected text,
    message text not null,
    sample jsonb not null default '[]',
    judged_at timestamptz not null default clock_timestamp(),
    primary key (run_id, gate, expectation)
);

-- Which published days name an owner that the source's dimensions don't know yet:
-- the run that first sees the owner re-derives exactly these days.
create table ops.unresolved_owners (
    event_date date not null,
    source text not null,
    tenant_id text not null,
    entity text not null,
    entity_id text not null,
    primary key (event_date, source, tenant_id, entity, entity_id)
);

-- Who reads which tenant; '*' reads all. A row is matched by current_user, never by a setting.
create table ops.reader_tenants (
    reader name not null,
    tenant_id text not null,
    primary key (reader, tenant_id)
);
alter table ops.reader_tenants enable row level security;
create policy reader_sees_own_grants on ops.reader_tenants for select
    using (reader = current_user);
grant select on ops.reader_tenants to meterr_analyst;

-- Counts are of all tenants together; which days are published is all that a reader needs.
grant select (event_date) on ops.published_days to meterr_analyst;
grant select on ops.published_days to meterr_publisher, meterr_transformer;
grant insert on ops.gate_verdicts to meterr_transformer;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
