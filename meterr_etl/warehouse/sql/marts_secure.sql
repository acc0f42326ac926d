alter table {table} enable row level security;
create policy pipeline_reads_all on {table}
for select to meterr_auditor, meterr_loader, meterr_transformer using (true);
grant select on {table} to meterr_analyst, meterr_auditor, meterr_loader, meterr_transformer
