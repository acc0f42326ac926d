insert into ops.unresolved_owners (event_date, source, entity, entity_id)
select distinct f.charge_date, {source}, {entity}, f.{fact_column}
from {facts} as f
where
    f.{fact_column} <> 'unassigned'
    and not exists (select from {dimension} as d where d.id = f.{fact_column})
on conflict do nothing
