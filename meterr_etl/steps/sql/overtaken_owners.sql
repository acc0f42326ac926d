-- What other runs published of a dimension since this one looked, and this one did not see itself.
select count(*)
from reference.source_dimensions as d
inner join ops.publications as p on d.run_id = p.run_id
where
    p.publication_no > {base}
    and d.entity = {entity}
    and not exists (
        select from {landing} as e
        where e.{id_column} = d.entity_id and to_jsonb(e) = d.content
    )
