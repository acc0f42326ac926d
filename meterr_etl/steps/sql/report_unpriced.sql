select
    m.provider,
    m.model,
    string_agg(distinct m.token_type, ', ' order by m.token_type) as token_types,
    string_agg(distinct m.reason, ', ' order by m.reason) as reason,
    sum(m.consumed_quantity) as consumed_quantity
from marts.unpriced_usage_daily as m
inner join ops.run_days as d on m.charge_date = d.event_date
where d.run_id = %(run_id)s
group by m.provider, m.model
order by consumed_quantity desc, m.provider, m.model
