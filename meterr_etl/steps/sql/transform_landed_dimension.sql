insert into pg_temp.landed_dimensions
select
    {entity},
    {source},
    e.{id_column},
    coalesce(e.{tenant_column}, 'unassigned'),
    case
        when pg_input_is_valid(e.{changed_column}, 'timestamptz')
            then e.{changed_column}::timestamptz
        else '-infinity'
    end,
    md5(to_jsonb(e)::text),
    to_jsonb(e)
from {landing} as e
where e.{id_column} is not null
