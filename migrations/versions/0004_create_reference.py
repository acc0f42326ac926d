"""Create reference data: an append-only, versioned log of rates, aliases and dimensions."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = """
create table reference.changes (
    reference_version bigint generated always as identity primary key,
    kind text not null,
    detail jsonb not null default '{}',
    changed_at timestamptz not null default clock_timestamp()
);

-- One dated unit price. valid_to is exclusive; null means until further notice.
-- context_above_tokens: the rate of requests whose total input is greater (0 = from the first).
create table reference.rates (
    rate_id text primary key,
    catalogue text not null,
    catalogue_version text not null,
    provider_id text not null,
    model_id text not null,
    token_type text not null,
    processing_mode text not null,
    service_tier text not null,
    context_above_tokens bigint not null default 0,
    valid_from date not null,
    valid_to date,
    unit_price numeric not null check (unit_price >= 0),
    currency text not null,
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes,
    check (valid_to is null or valid_from < valid_to)
);
create unique index rates_in_force on reference.rates (
    catalogue, provider_id, model_id, token_type, processing_mode, service_tier,
    context_above_tokens, valid_from
) where retired_by is null;

-- What each publishing run saw of the source's own dimensions; never updated.
create table reference.source_dimensions (
    source text not null,
    entity text not null,
    entity_id text not null,
    tenant_id text not null,
    source_updated_at timestamptz not null,
    content jsonb not null,
    content_digest text generated always as (md5(content::text)) stored,
    run_id text not null references ops.runs,
    primary key (source, entity, entity_id, source_updated_at, content_digest)
);
alter table reference.source_dimensions enable row level security;
create policy reader_sees_own_tenants on reference.source_dimensions for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on reference.source_dimensions
    for select to meterr_transformer, meterr_auditor using (true);
grant usage on schema reference to meterr_analyst;
grant select on reference.source_dimensions, reference.rates to meterr_analyst, meterr_auditor;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
