select
    u.entity,
    left(u.entity_id, 100) as entity_id,
    count(*) as day_count
from ops.unresolved_owners as u
inner join ops.run_days as d on u.event_date = d.event_date
where d.run_id = %(run_id)s and u.source = %(source)s
group by u.entity, u.entity_id
order by u.entity, u.entity_id
limit 50
