-- Ids that events of the batch name and that no dimension of the source knows.
select
    n.entity,
    n.entity_id,
    sum(n.row_count) as row_count
from (
    select
        v.entity,
        v.entity_id,
        sum(c.row_count) as row_count
    from (
        select
            g.owner_key,
            sum(g.row_count) as row_count
        from cells as g
        group by g.owner_key
    ) as c
    inner join (
        select * from staging.owners
        union all
        select * from {batch_owners}
    ) as o on c.owner_key = o.owner_key
    cross join
        lateral (
            values
            ('organizations', o.tenant_id),
            ('projects', o.project_id),
            ('users', o.user_id),
            ('api_keys', o.api_key_id)
        ) as v (entity, entity_id)
    where v.entity = any({entities}::text[]) and v.entity_id is not null
    group by v.entity, v.entity_id
) as n
where
    not exists (
        select from ({known_members}) as k
        where k.entity = n.entity and k.entity_id = n.entity_id
    )
group by n.entity, n.entity_id
