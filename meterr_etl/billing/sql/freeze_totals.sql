insert into marts.billed_totals (
    billing_month, charge_month, charge_class, tenant_id, tenant_name, cost_center, team_id,
    team_name, line_count, request_count, list_cost, contracted_cost, effective_cost, billed_cost,
    billing_currency
)
{line_totals}
