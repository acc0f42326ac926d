-- Where a pool by month does not hold what it takes in, day by day, or on its last day does not give
-- back what it held.
with pools as (
    select
        p.tenant_id,
        p.pool,
        p.valid_from,
        p.valid_to
    from {allocation_pools} as p
    where p.period = 'month'
),

taken_in as (
    select
        c.charge_date,
        c.tenant_id,
        c.pool,
        c.billing_currency,
        c.effective_cost
    from {pooled} as c
    union all
    select
        c.charge_date,
        c.tenant_id,
        c.pool,
        c.billing_currency,
        c.effective_cost
    from {published_pools} as c
),

of_months as (
    select
        t.*,
        (date_trunc('month', t.charge_date::timestamp) + interval '1 month - 1 day')::date
            as last_date
    from taken_in as t
    inner join pools as p
        on
            t.tenant_id = p.tenant_id
            and t.pool = p.pool
            and t.charge_date >= p.valid_from
            and (p.valid_to is null or t.charge_date < p.valid_to)
),

expected as (
    select
        charge_date,
        tenant_id,
        pool,
        billing_currency,
        sum(effective_cost) as held_cost
    from (
        select
            m.charge_date,
            m.tenant_id,
            m.pool,
            m.billing_currency,
            m.effective_cost
        from of_months as m
        where m.charge_date < m.last_date
        union all
        select
            m.last_date,
            m.tenant_id,
            m.pool,
            m.billing_currency,
            -m.effective_cost
        from of_months as m
        where m.charge_date < m.last_date
    ) as both_sides
    where charge_date in (select a.event_date from {affected_days} as a)
    group by 1, 2, 3, 4
),

found as (
    select
        a.charge_date,
        a.tenant_id,
        a.pool,
        a.billing_currency,
        sum(a.effective_cost) as held_cost
    from {allocated} as a
    where a.allocation_status = 'held'
    group by 1, 2, 3, 4
)

select
    charge_date,
    tenant_id,
    pool,
    billing_currency,
    coalesce(e.held_cost, 0) as expected_cost,
    coalesce(f.held_cost, 0) as held_cost
from expected as e
full join found as f using (charge_date, tenant_id, pool, billing_currency)
where
    coalesce(e.held_cost, 0) <> coalesce(f.held_cost, 0)
    and charge_date not in (select m.event_date from moved as m)
