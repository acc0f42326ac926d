"""Keep dated charges (subscriptions, fees, credits) as versioned reference data (DESIGN §9)."""

from alembic import op

revision = "0019"
down_revision = "0018"

STATEMENTS = """
create table reference.charges (
    charge_file_id bigint generated always as identity primary key,
    tenant_id text not null,
    charges jsonb not null,
    changed_from date not null,
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes
);
create unique index charges_in_force on reference.charges (tenant_id)
    where retired_by is null;
comment on table reference.charges is
    'One row per tenant and version of its dated charges: subscriptions, fees and credits. The row '
    'without retired_by holds.';
comment on column reference.charges.charge_file_id is 'Number of the row.';
comment on column reference.charges.tenant_id is 'The tenant that is charged.';
comment on column reference.charges.charges is 'All its dated charges, as its file says them.';
comment on column reference.charges.changed_from is
    'First day that is charged otherwise than by the row before.';
comment on column reference.charges.reference_version is
    'The change of reference data that brought it.';
comment on column reference.charges.retired_by is
    'The change of reference data that ended it; null while it holds.';
alter table reference.charges enable row level security;
create policy reader_sees_own_tenants on reference.charges for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on reference.charges
    for select to meterr_transformer, meterr_publisher, meterr_auditor using (true);
grant select on reference.charges
    to meterr_analyst, meterr_transformer, meterr_publisher, meterr_auditor;

-- The charges that a what-if takes in place of those of their tenant.
create table ops.proposed_charges (
    run_id text primary key references ops.runs,
    charges jsonb not null
);
comment on table ops.proposed_charges is
    'One row per what-if that tries other dated charges than those in force.';
grant select on ops.proposed_charges to meterr_transformer, meterr_publisher, meterr_auditor;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
