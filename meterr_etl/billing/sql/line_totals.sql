select
    billing_month,
    date_trunc('month', charge_date::timestamp)::date as charge_month,
    charge_class,
    tenant_id,
    max(tenant_name) as tenant_name,
    cost_center,
    team_id,
    max(team_name) as team_name,
    count(*) as line_count,
    coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0)::bigint
        as request_count,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost,
    sum(effective_cost) as effective_cost,
    sum(billed_cost) as billed_cost,
    billing_currency
from marts.billed_lines
where billing_month = {month}
group by
    billing_month,
    date_trunc('month', charge_date::timestamp),
    charge_class,
    tenant_id,
    cost_center,
    team_id,
    billing_currency
