-- The owners that something moved while the affected days went on: one row per later period of each,
-- under a key of its own. Moments that might matter are enough here, since int_ownership asks of every
-- period to whom it belonged; two periods that belong alike are summed together again.
create unlogged table {moved_owners} as
with moments as (
    select distinct m.entity, m.tenant_id, m.entity_id, m.valid_from as moment
    from {moves} as m
    where m.valid_from > {span_start} and m.valid_from < {span_end}
),

owner_moments as (
    select distinct o.owner_key, m.moment
    from {known_owners} as o
    inner join moments as m
        on
            o.tenant_id = m.tenant_id
            and (
                m.entity = 'teams'
                or (m.entity = 'api_keys' and o.api_key_id = m.entity_id)
                or (m.entity = 'users' and o.user_id = m.entity_id)
                or (m.entity = 'projects' and coalesce(o.project_id, m.entity_id) = m.entity_id)
            )
)

select
    p.owner_key,
    -- Known to this candidate alone; nobody chooses its parts to make it another's.
    ('x' || left(md5(p.owner_key || ' ' || p.moment), 16))::bit(64)::bigint as period_key,
    p.moment as valid_from,
    coalesce(lead(p.moment) over (partition by p.owner_key order by p.moment), 'infinity')
        as valid_to
from owner_moments as p;

analyze {moved_owners}
