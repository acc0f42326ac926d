select
    c.charge_date,
    c.tenant_id,
    c.billing_currency,
    nullif(c.pool, 'direct') as pool,
    c.team_id,
    c.project_id,
    c.cost_center,
    coalesce(c.effective_cost, 0) as cost,
    c.total_tokens as tokens,
    c.request_count as requests
from {costs} as c
where c.tenant_id = {tenant_id}
order by c.charge_date, c.billing_currency
