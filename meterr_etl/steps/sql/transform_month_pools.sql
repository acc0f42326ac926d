-- What pools took in, and what stayed with its owner, on the published days of the months that the
-- run settles, of tenants with a rule by month. What such a rule would hold by now was given out at
-- once where the day is published by an older rule, so it is no cost of the month's.
create unlogged table {published_pools} as
select f.*
from marts.fct_pooled_cost_daily as f
where
    f.charge_date = any ({other_days}::date[])
    and f.tenant_id in (
        select p.tenant_id from {pools} as p
        where p.period = 'month'
    )
    and (
        not exists (
            select from {pools} as p
            where
                p.period = 'month'
                and p.tenant_id = f.tenant_id
                and p.pool = f.pool
                and p.valid_from <= f.charge_date
                and (p.valid_to is null or f.charge_date < p.valid_to)
        )
        or (f.charge_date, f.tenant_id, f.pool) in (
            select
                a.charge_date,
                a.tenant_id,
                a.pool
            from marts.fct_allocated_cost_daily as a
            where a.charge_date = any ({other_days}::date[]) and a.allocation_status = 'held'
        )
    )
