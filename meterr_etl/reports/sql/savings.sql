select
    tenant_id,
    max(tenant_name) as tenant_name,
    team_id,
    coalesce(max(team_name), team_id) as team_name,
    feature,
    provider,
    model,
    saving_kind,
    trim_scale(sum(compared_quantity)) as compared_quantity,
    trim_scale(sum(incomparable_quantity)) as incomparable_quantity,
    trim_scale(sum(list_cost)) as list_cost,
    trim_scale(sum(other_list_cost)) as other_list_cost,
    trim_scale(sum(saved_list_cost)) as saved_list_cost,
    billing_currency
from marts.savings_opportunities
where
    charge_date >= {month}
    and charge_date < {next_month}
    and ({tenant} is null or tenant_id = {tenant})
group by tenant_id, team_id, feature, provider, model, saving_kind, billing_currency
order by
    billing_currency asc,
    sum(saved_list_cost) desc,
    tenant_id asc,
    team_id asc,
    feature asc,
    provider asc,
    model asc,
    saving_kind asc
