-- What other runs published of a dimension since this one looked, and this one did not see itself.
select count(*)
from reference.source_dimensions as d
inner join ops.publications as p on d.run_id = p.run_id
where
    p.publication_no > {base}
    and d.entity = {entity}
    and (d.entity_id, d.content) not in (
        select
            e.{id_column},
            to_jsonb(e)
        from {landing} as e
        where e.{id_column} is not null
    )
