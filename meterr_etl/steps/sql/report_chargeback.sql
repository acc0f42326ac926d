select
    m.tenant_id,
    coalesce(m.tenant_name, m.tenant_id) as tenant,
    coalesce(m.team_name, m.team_id) as team,
    m.cost_center,
    m.billing_currency,
    sum(m.request_count) as request_count,
    sum(m.total_tokens) as total_tokens,
    sum(m.unpriced_tokens) as unpriced_tokens,
    sum(m.billed_cost) as billed_cost
from marts.usage_by_team_daily as m
inner join ops.run_days as d on m.charge_date = d.event_date
where d.run_id = %(run_id)s
group by 1, 2, 3, 4, 5
order by billed_cost desc nulls last, total_tokens desc, tenant, team
