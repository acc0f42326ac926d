-- What other rules make each owner of a tenant bear, beside what is published of the same days.
select
    cost_center,
    team_id,
    max(team_name) as team_name,
    project_id,
    pool,
    coalesce(sum(p.effective_cost), 0) as published_cost,
    coalesce(sum(c.effective_cost), 0) as proposed_cost,
    coalesce(sum(c.effective_cost), 0) - coalesce(sum(p.effective_cost), 0) as cost_change,
    billing_currency
from (
    select m.*
    from marts.fct_allocated_cost_daily as m
    inner join ops.run_days as d on m.charge_date = d.event_date and d.run_id = {run_id}
    where m.tenant_id = {tenant_id} and m.charge_date between {first} and {last}
) as p
full join (
    select n.* from {allocated} as n
    where n.tenant_id = {tenant_id} and n.charge_date between {first} and {last}
) as c
    using (
        charge_date,
        cost_center,
        team_id,
        team_name,
        project_id,
        pool,
        allocation_status,
        billing_currency
    )
group by cost_center, team_id, project_id, pool, billing_currency
having coalesce(sum(c.effective_cost), 0) <> coalesce(sum(p.effective_cost), 0)
order by cost_center, team_id, project_id, pool, billing_currency
