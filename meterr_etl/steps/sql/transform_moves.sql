-- To whom each member that ever moved belonged, and when: a key to a project, a project and a user to
-- a team, a team to a cost center. Members that never moved are not listed: for them the dimension
-- itself says so. The first sight reaches back to the beginning of time, a later change holds from its
-- updated_at (DESIGN §6); of two contents at one moment the greater digest stands, as for names.
create unlogged table {moves} as
with seen as (
    select
        d.source,
        d.entity,
        d.entity_id,
        d.tenant_id,
        d.source_updated_at,
        d.content_digest,
        d.content ->> e.edge as belongs_to
    from (
        select
            r.source,
            r.entity,
            r.entity_id,
            r.tenant_id,
            r.source_updated_at,
            r.content_digest,
            r.content
        from reference.source_dimensions as r
        union all
        select
            l.source,
            l.entity,
            l.entity_id,
            l.tenant_id,
            l.source_updated_at,
            l.content_digest,
            l.content
        from pg_temp.landed_dimensions as l
    ) as d
    inner join (values {edges}) as e (entity, edge) on d.entity = e.entity
),

-- Of an id that two sources know, the source that saw it last speaks, as for its name.
speaking as (
    select distinct on (s.entity, s.tenant_id, s.entity_id)
        s.source, s.entity, s.tenant_id, s.entity_id
    from seen as s
    where (s.source, s.entity, s.entity_id) in (
        select m.source, m.entity, m.entity_id
        from seen as m
        group by m.source, m.entity, m.entity_id
        having count(distinct coalesce('=' || m.belongs_to, '')) > 1
    )
    order by
        s.entity, s.tenant_id, s.entity_id, s.source_updated_at desc, s.content_digest desc
),

at_each_moment as (
    select distinct on (s.entity, s.tenant_id, s.entity_id, s.source_updated_at) s.*
    from seen as s
    inner join speaking as k using (source, entity, tenant_id, entity_id)
    order by
        s.entity, s.tenant_id, s.entity_id, s.source_updated_at, s.content_digest desc
),

compared as (
    select
        a.*,
        row_number() over (
            partition by a.entity, a.tenant_id, a.entity_id order by a.source_updated_at
        ) as place,
        lag(a.belongs_to) over (
            partition by a.entity, a.tenant_id, a.entity_id order by a.source_updated_at
        ) as belonged_to
    from at_each_moment as a
)

select
    c.entity,
    c.tenant_id,
    c.entity_id,
    c.belongs_to,
    case when c.place = 1 then '-infinity' else c.source_updated_at end as valid_from,
    coalesce(
        lead(c.source_updated_at) over (
            partition by c.entity, c.tenant_id, c.entity_id order by c.source_updated_at
        ),
        'infinity'
    ) as valid_to
from compared as c
where c.place = 1 or c.belonged_to is distinct from c.belongs_to;

analyze {moves}
