-- Readers see their own tenants; which these are is a matter of rows, never of a setting.
alter table {table} enable row level security;
create policy reader_sees_own_tenants on {table} for select to meterr_analyst using ({readable});
create policy pipeline_reads_all on {table}
for select to meterr_auditor, meterr_loader, meterr_transformer using (true);
grant select on {table} to meterr_analyst, meterr_auditor, meterr_loader, meterr_transformer
