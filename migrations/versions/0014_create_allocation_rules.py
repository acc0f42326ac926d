"""Keep allocation rules as dated, versioned reference data (DESIGN §9)."""

from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = """
-- All pools and rules of one tenant, as one file said them; append-only, the row without retired_by
-- holds. Days before changed_from are distributed as by the row that it replaced.
create table reference.allocation_rules (
    allocation_id bigint generated always as identity primary key,
    tenant_id text not null,
    rules jsonb not null,
    changed_from date not null,
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes
);
create unique index allocation_rules_in_force on reference.allocation_rules (tenant_id)
    where retired_by is null;
alter table reference.allocation_rules enable row level security;
create policy reader_sees_own_tenants on reference.allocation_rules for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on reference.allocation_rules
    for select to meterr_transformer, meterr_publisher, meterr_auditor using (true);
grant select on reference.allocation_rules
    to meterr_analyst, meterr_transformer, meterr_publisher, meterr_auditor;

-- The rules that a what-if tries in place of those of their tenant.
create table ops.proposed_rules (
    run_id text primary key references ops.runs,
    rules jsonb not null
);
grant select on ops.proposed_rules to meterr_transformer, meterr_publisher, meterr_auditor;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
