-- What pools took in, and what stayed with its owner, on the published days of the months that the
-- run settles, of tenants with a rule by month.
create unlogged table {published_pools} as
select f.*
from marts.fct_pooled_cost_daily as f
where
    f.charge_date = any ({other_days}::date[])
    and f.tenant_id in (
        select p.tenant_id from {pools} as p
        where p.period = 'month'
    )
