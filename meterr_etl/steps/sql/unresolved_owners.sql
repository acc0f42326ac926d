insert into ops.unresolved_owners (event_date, source, tenant_id, entity, entity_id)
select distinct f.charge_date, {source}, f.tenant_id, {entity}, f.{fact_column}
from {facts} as f
where
    f.{fact_column} <> 'unassigned'
    -- what another tenant owns under the same id names nobody here
    and not exists (
        select from {dimension} as d
        where d.id = f.{fact_column} and d.{tenant_column} = f.tenant_id
    )
on conflict do nothing
