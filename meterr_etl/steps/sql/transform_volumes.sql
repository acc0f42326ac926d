-- What is published of the months that the run settles, of the days that it does not build itself.
create unlogged table {published_volumes} as
select
    (date_trunc('month', f.charge_date::timestamp) + interval '1 month - 1 day')::date
        as charge_date,
    f.tenant_id,
    f.contract_term,
    f.provider,
    f.team_id,
    f.project_id,
    f.cost_center,
    f.billing_currency,
    sum(f.consumed_quantity) as consumed_quantity,
    sum(f.list_cost) as list_cost
from marts.fct_usage_cost_daily as f
where
    -- Spelled out, since only literals prune partitions while planning.
    f.charge_date = any ({other_days}::date[])
    and (f.tenant_id, f.contract_term) in (
        select
            t.tenant_id,
            t.contract_term
        from {volume_tiers} as t
    )
group by 1, 2, 3, 4, 5, 6, 7, 8;

create unlogged table {published_usage} as
select
    f.charge_date,
    f.tenant_id,
    f.provider,
    f.team_id,
    f.project_id,
    f.cost_center,
    sum(f.contracted_cost) as cost,
    f.billing_currency
from marts.fct_usage_cost_daily as f
where
    f.charge_date = any ({other_days}::date[])
    and f.contracted_cost <> 0
    and (f.pricing_status = 'priced' or f.token_type = 'volume_settlement')
    and (f.tenant_id, f.provider) in (
        select
            c.tenant_id,
            c.provider
        from {commitments} as c
    )
group by 1, 2, 3, 4, 5, 6, 8
