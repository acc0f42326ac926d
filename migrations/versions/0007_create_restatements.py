"""Create the record of every change of a published number (DESIGN §3).

Not a mart of dbt's: it tells of our own history, so no candidate could hold it.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = """
create table marts.restatements (
    publication_no bigint not null references ops.publications,
    charge_date date not null,
    tenant_id text not null,
    cost_center text not null,
    billing_currency text not null,
    old_cost numeric,
    new_cost numeric,
    cost_change numeric not null,
    cause text not null,
    run_id text not null references ops.runs,
    restated_at timestamptz not null default clock_timestamp(),
    primary key (charge_date, tenant_id, cost_center, billing_currency, publication_no)
);
comment on table marts.restatements is
    'Every change of a published cost: one row per publish, charge_date, tenant, cost center and '
    'currency. The changes of a day add up to its cost now less its cost when first published.';
comment on column marts.restatements.publication_no is 'Which publish changed it, ascending.';
comment on column marts.restatements.charge_date is 'UTC day of the usage.';
comment on column marts.restatements.tenant_id is 'The organization.';
comment on column marts.restatements.cost_center is 'Of the team that is charged.';
comment on column marts.restatements.billing_currency is 'Currency of the costs.';
comment on column marts.restatements.old_cost is
    'Effective cost before; null where nothing of it was priced.';
comment on column marts.restatements.new_cost is
    'Effective cost from then on; null where nothing of it is priced.';
comment on column marts.restatements.cost_change is 'New less old, an unpriced side counted as 0.';
comment on column marts.restatements.cause is
    'What moved that day: late events, correction, rate, ownership; several by comma.';
comment on column marts.restatements.run_id is 'The run that published it.';
comment on column marts.restatements.restated_at is 'When it was published.';
alter table marts.restatements enable row level security;
create policy reader_sees_own_tenants on marts.restatements for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on marts.restatements
    for select to meterr_auditor, meterr_loader, meterr_transformer using (true);
grant select on marts.restatements
    to meterr_analyst, meterr_auditor, meterr_loader, meterr_transformer;
"""


def upgrade() -> None:
    op.execute("grant references on ops.publications, ops.runs to meterr_publisher")
    op.execute("set role meterr_publisher")
    op.execute(STATEMENTS)
    op.execute("reset role")
