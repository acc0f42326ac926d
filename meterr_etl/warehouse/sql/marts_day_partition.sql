-- A bare table under a matching CHECK attaches without a scan and, where the parent has no default
-- partition, without waiting for its readers. Row-level security is on and has no policy, so that
-- nobody who is granted the partition itself, by default privileges say, sees a row of it.
create table {partition} (like {mart} including all);
alter table {partition} enable row level security;
alter table {partition} add constraint {check} check ({date_column} = {day}::date);
alter table {mart} attach partition {partition} for values in ({day})
