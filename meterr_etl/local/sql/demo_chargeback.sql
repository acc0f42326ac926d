select
    billing_month,
    tenant_name,
    coalesce(team_name, 'Unassigned') as team_name,
    cost_center,
    request_count,
    total_tokens,
    effective_cost,
    unpriced_tokens
from marts.chargeback_monthly
order by effective_cost desc nulls last, tenant_name, team_name
