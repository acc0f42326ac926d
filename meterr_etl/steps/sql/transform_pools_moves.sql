-- To whom those that ever moved belonged on each affected day: at its beginning, as for charges, since
-- a share has no moment either.
select
    a.event_date,
    m.entity,
    m.entity_id,
    m.belongs_to
from {affected_days} as a
inner join {moves} as m
    on
        m.valid_from <= a.event_date::timestamp at time zone 'UTC'
        and m.valid_to > a.event_date::timestamp at time zone 'UTC'
where m.tenant_id = {tenant_id} and m.entity in ('projects', 'teams')
