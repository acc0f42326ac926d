"""Keep contract rates and exchange rates as dated, versioned reference data (DESIGN §8)."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = """
-- All terms of one tenant, as one file said them; append-only, the row without retired_by holds.
-- Days before changed_from are priced as by the row that it replaced.
create table reference.contracts (
    contract_id bigint generated always as identity primary key,
    tenant_id text not null,
    terms jsonb not null,
    changed_from date not null,
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes
);
create unique index contracts_in_force on reference.contracts (tenant_id)
    where retired_by is null;
alter table reference.contracts enable row level security;
create policy reader_sees_own_tenants on reference.contracts for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on reference.contracts
    for select to meterr_transformer, meterr_publisher, meterr_auditor using (true);
grant select on reference.contracts
    to meterr_analyst, meterr_transformer, meterr_publisher, meterr_auditor;

-- What one unit of a currency is worth in another from a day on, until the next row of the pair.
create table reference.exchange_rates (
    exchange_rate_id bigint generated always as identity primary key,
    from_currency text not null,
    to_currency text not null,
    valid_from date not null,
    rate numeric not null check (rate > 0),
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes,
    check (from_currency <> to_currency)
);
create unique index exchange_rates_in_force
    on reference.exchange_rates (from_currency, to_currency, valid_from)
    where retired_by is null;
grant select on reference.exchange_rates
    to meterr_analyst, meterr_transformer, meterr_publisher, meterr_auditor;

-- The terms that a what-if tries in place of those of their tenant.
create table ops.proposed_contracts (
    run_id text primary key references ops.runs,
    terms jsonb not null
);
grant select on ops.proposed_contracts to meterr_transformer, meterr_publisher, meterr_auditor;
"""

# Of lines billed before, the contracted price was the list price, and the column stays null.
LINES = """
alter table marts.billed_lines add column contracted_unit_price numeric;
comment on column marts.billed_lines.contracted_unit_price is
    'The contracted price of a single unit; null where there is no rate, or it was billed before '
    'contracts were known and is the list price.';
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("set role meterr_publisher")
    op.execute(LINES)
    op.execute("reset role")
