-- The same of whole months, on their last days.
select
    c.last_date as charge_date,
    c.tenant_id,
    c.billing_currency,
    nullif(c.pool, 'direct') as pool,
    c.team_id,
    c.project_id,
    c.cost_center,
    coalesce(sum(c.effective_cost), 0) as cost,
    sum(c.total_tokens) as tokens,
    sum(c.request_count) as requests
from (
    select
        (date_trunc('month', b.charge_date::timestamp) + interval '1 month - 1 day')::date
            as last_date,
        b.*
    from {costs} as b
    where b.tenant_id = {tenant_id}
    union all
    select
        (date_trunc('month', p.charge_date::timestamp) + interval '1 month - 1 day')::date
            as last_date,
        p.*
    from {published_costs} as p
    where p.tenant_id = {tenant_id}
) as c
where c.last_date in (select a.event_date from {affected_days} as a)
group by 1, 2, 3, 4, 5, 6, 7
order by 1, 3
