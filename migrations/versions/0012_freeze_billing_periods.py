"""Freeze the billed lines of closed periods, with a certificate, and let nobody rewrite them.

They are no marts of dbt's: what was billed can't be derived anew, so no candidate could hold it.
"""

import json

from alembic import op

revision = "0012"
down_revision = "0011"

LEDGER = """
-- One closed billing period, and what certifies its lines (SHA-256, hexadecimal). A certificate
-- covers the one before it, so that the last one vouches for all.
create table ops.closed_periods (
    billing_month date primary key check (extract(day from billing_month) = 1),
    closed_at timestamptz not null default clock_timestamp(),
    closed_by text not null default session_user,
    line_count bigint not null,
    lines_digest text not null,
    reference_version bigint not null,
    catalogues text[] not null,
    meterr_version text not null,
    schema_revision text not null,
    previous_certificate text,
    certificate text not null
);

-- At which version a period billed a day: one of its own, or an earlier one that it corrects.
create table ops.billed_days (
    billing_month date not null,
    charge_date date not null,
    version bigint not null,
    reference_version bigint not null,
    line_count bigint not null,
    lines_digest text not null,
    primary key (charge_date, billing_month)
);

-- A closed month and a day's version tell nothing of a tenant; counts and digests are of all.
grant select (billing_month, closed_at) on ops.closed_periods to meterr_analyst;
grant select (billing_month, charge_date, version) on ops.billed_days to meterr_analyst;
grant select (version) on ops.published_days to meterr_analyst;
grant select (window_start) on ops.windows to meterr_analyst;
grant select on ops.windows to meterr_publisher;
grant select, insert on ops.closed_periods, ops.billed_days to meterr_publisher;

create function ops.refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise insufficient_privilege using message = format(
        'what is billed is never rewritten, so %I.%I takes no %s',
        tg_table_schema, tg_table_name, lower(tg_op)
    );
end $$;

create function ops.refuse_lines_of_closed_periods() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if exists (select from added inner join ops.closed_periods using (billing_month)) then
        raise insufficient_privilege using message = format(
            'a closed billing period takes no more rows of %I.%I', tg_table_schema, tg_table_name
        );
    end if;
    return null;
end $$;
"""

LINES = """
create table marts.billed_lines (
    billing_month date not null,
    charge_class text check (charge_class = 'Correction'),
    charge_date date not null check (charge_date < billing_month + interval '1 month'),
    tenant_id text not null,
    tenant_name text,
    cost_center text not null,
    team_id text not null,
    team_name text,
    project_id text not null,
    project_name text,
    provider text not null,
    model text not null,
    region text not null,
    service_tier text not null,
    processing_mode text not null,
    token_type text not null,
    rate_id text,
    pricing_status text not null,
    consumed_quantity numeric not null,
    list_unit_price numeric,
    list_cost numeric,
    contracted_cost numeric,
    effective_cost numeric,
    billed_cost numeric,
    billing_currency text not null,
    check ((charge_class is null) = (charge_date >= billing_month))
);
create index billed_lines_by_charge_date on marts.billed_lines (charge_date);
create index billed_lines_by_tenant on marts.billed_lines (tenant_id, billing_month);
comment on table marts.billed_lines is
    'One row per line of a closed billing period: usage of that month, and corrections of months '
    'closed before. Written once, by `meterr period close`.';

create table marts.billed_totals (
    billing_month date not null,
    charge_month date not null,
    charge_class text,
    tenant_id text not null,
    tenant_name text,
    cost_center text not null,
    team_id text not null,
    team_name text,
    line_count bigint not null,
    request_count bigint not null,
    list_cost numeric,
    contracted_cost numeric,
    effective_cost numeric,
    billed_cost numeric,
    billing_currency text not null,
    primary key (tenant_id, billing_month, charge_month, cost_center, team_id, billing_currency)
);
comment on table marts.billed_totals is
    'One row per closed billing month, month of the usage, tenant, cost center, team and currency: '
    'what its lines add up to.';
"""

DESCRIBED = {
    "billing_month": "First day of the month that bills it.",
    "charge_month": "First day of the month of the usage; an earlier one for corrections.",
    "charge_class": "Correction where it changes a month closed before, else null (as in FOCUS).",
    "charge_date": "UTC day of the usage.",
    "tenant_id": "The organization.",
    "tenant_name": "Its name when it was billed; null where it was unknown.",
    "cost_center": "Of the team that is charged.",
    "team_id": "The team that is charged.",
    "team_name": "Its name when it was billed; null where it was unknown.",
    "project_id": "The project that used it.",
    "project_name": "Its name when it was billed; null where it was unknown.",
    "provider": "Who served the calls.",
    "model": "Id of the model in the catalogue, or the name as served.",
    "region": "The region that served the calls.",
    "service_tier": "The tier that served the calls.",
    "processing_mode": "sync or batch.",
    "token_type": "Which disjoint leaf of the usage.",
    "rate_id": "The dated rate that priced it; null where there is none.",
    "pricing_status": "priced, unpriced or not_billed.",
    "consumed_quantity": "In single tokens or calls; negative where a correction takes back.",
    "list_unit_price": "The list price of a single unit; null where there is no rate.",
    "line_count": "How many lines.",
    "request_count": "How many calls; negative where corrections take back.",
    "list_cost": "Quantity times list price, never rounded; null where nothing was priced.",
    "contracted_cost": "The cost at contract prices; null where nothing was priced.",
    "effective_cost": "The cost after amortised commitments; null where nothing was priced.",
    "billed_cost": "The cost as invoiced; null where nothing was priced.",
    "billing_currency": "Currency of prices and costs.",
}

DESCRIBE = """
do $$
declare
    described constant jsonb := '{described}';
    column_of record;
begin
    for column_of in
        select attrelid::regclass as owner, attname as name from pg_attribute
        where attrelid in ('marts.billed_lines'::regclass, 'marts.billed_totals'::regclass)
            and attnum > 0
    loop
        execute format(
            'comment on column %s.%I is %L', column_of.owner, column_of.name,
            described ->> column_of.name
        );
    end loop;
end $$
"""

SECURE = """
alter table marts.{table} enable row level security;
create policy reader_sees_own_tenants on marts.{table} for select to meterr_analyst
    using (
        exists (select from ops.reader_tenants as r where r.tenant_id = '*')
        or tenant_id = any (array(select r.tenant_id from ops.reader_tenants as r))
    );
create policy pipeline_reads_all on marts.{table}
    for select to meterr_auditor, meterr_loader, meterr_transformer using (true);
grant select on marts.{table}
    to meterr_analyst, meterr_auditor, meterr_loader, meterr_transformer;
"""

WRITTEN_ONCE = """
revoke update, delete, truncate on {table} from {owner};
create trigger written_once before update or delete or truncate on {table}
    for each statement execute function ops.refuse_rewriting();
"""

CLOSED_FOR_GOOD = """
create trigger closed_for_good after insert on {table} referencing new table as added
    for each statement execute function ops.refuse_lines_of_closed_periods();
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(LEDGER)
    _protect("meterr_loader", "ops.closed_periods", "ops.billed_days")
    op.execute(CLOSED_FOR_GOOD.format(table="ops.billed_days"))
    op.execute("set role meterr_publisher")
    op.execute(LINES)
    op.execute(DESCRIBE.replace("{described}", json.dumps(DESCRIBED)))
    for name in ("billed_lines", "billed_totals"):
        op.execute(SECURE.format(table=name))
        op.execute(CLOSED_FOR_GOOD.format(table=f"marts.{name}"))
    _protect("meterr_publisher", "marts.billed_lines", "marts.billed_totals")
    op.execute("reset role")


def _protect(owner: str, *tables: str) -> None:
    for table in tables:
        op.execute(WRITTEN_ONCE.format(table=table, owner=owner))
