"""Keep budgets as versioned reference data (DESIGN §3, §10)."""

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = """
-- What a tenant or a part of it may cost in each month; append-only, rows without retired_by hold.
create table reference.budgets (
    budget_id bigint generated always as identity primary key,
    tenant_id text not null,
    name text not null,
    scope text not null check (scope in ('tenant', 'cost_center', 'team', 'project')),
    scope_id text not null,
    first_month date not null,
    last_month date,
    amount numeric not null check (amount > 0),
    currency text not null,
    warn_at_share numeric not null check (warn_at_share > 0 and warn_at_share <= 1),
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes,
    check (last_month is null or first_month <= last_month)
);
create unique index budgets_in_force on reference.budgets (tenant_id, name)
    where retired_by is null;
alter table reference.budgets enable row level security;
create policy reader_sees_own_tenants on reference.budgets for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on reference.budgets
    for select to meterr_transformer, meterr_publisher, meterr_auditor using (true);
grant select on reference.budgets
    to meterr_analyst, meterr_transformer, meterr_publisher, meterr_auditor;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
