select
    tenant_id,
    budget,
    scope,
    scope_id,
    trim_scale(budget_cost) as budget_cost,
    trim_scale(cost_to_date) as cost_to_date,
    round(100 * spent_share, 2) as spent_percent,
    trim_scale(projected_cost) as projected_cost,
    last_charge_date,
    exhausted_on,
    budget_status,
    billing_currency
from marts.budget_status
where billing_month = {month} and ({tenant} is null or tenant_id = {tenant})
order by billing_currency asc, spent_share desc, tenant_id asc, budget asc
