-- What this run saw of a dimension, once per content; the record is append-only.
insert into reference.source_dimensions (
    source, entity, entity_id, tenant_id, source_updated_at, content, run_id
)
select
    {source},
    {entity},
    e.{id_column},
    coalesce(e.{tenant_column}, 'unassigned'),
    case
        when pg_input_is_valid(e.{updated_column}, 'timestamptz')
            then e.{updated_column}::timestamptz
        else '-infinity'
    end,
    to_jsonb(e),
    {run_id}
from {landing} as e
where e.{id_column} is not null
on conflict do nothing
