-- Where the settlement lines are not exactly what the tiers make of their month's volume, as it is
-- in the price lines themselves: every part by its tier's own price, less all of it by the term's.
with settled as (
    select
        (date_trunc('month', f.charge_date::timestamp) + interval '1 month - 1 day')::date
            as charge_date,
        f.tenant_id,
        f.contract_term,
        f.billing_currency,
        f.consumed_quantity,
        f.list_cost
    from {lines} as f
    where f.contract_term is not null
    union all
    select
        p.charge_date,
        p.tenant_id,
        p.contract_term,
        p.billing_currency,
        p.consumed_quantity,
        p.list_cost
    from {published_volumes} as p
),

tiers as (
    select
        t.tenant_id,
        t.contract_term,
        t.is_price,
        t.is_of_all,
        t.currency,
        t.above,
        t.up_to,
        case when t.is_price then t.value else 1 - t.value * 0.01 end as price,
        case when t.is_price then t.base_value else 1 - t.base_value * 0.01 end as base_price
    from {volume_tiers} as t
),

terms as (
    select
        t.tenant_id,
        t.contract_term,
        t.is_price,
        t.is_of_all,
        t.currency,
        t.base_price,
        min(t.above) as first_tier_above
    from tiers as t
    group by 1, 2, 3, 4, 5, 6
),

totals as (
    select
        s.charge_date,
        s.tenant_id,
        s.contract_term,
        s.billing_currency,
        sum(case when t.is_price then s.consumed_quantity else s.list_cost end) as volume
    from settled as s
    inner join terms as t on s.tenant_id = t.tenant_id and s.contract_term = t.contract_term
    where
        s.charge_date in (select a.event_date from {affected_days} as a)
        and coalesce(t.currency, s.billing_currency) = s.billing_currency
    group by 1, 2, 3, 4
),

expected as (
    select
        v.charge_date,
        v.tenant_id,
        v.contract_term,
        v.billing_currency,
        case
            when t.is_of_all then coalesce(
                (
                    select v.volume * i.price
                    from tiers as i
                    where
                        i.tenant_id = v.tenant_id
                        and i.contract_term = v.contract_term
                        and i.above < v.volume
                    order by i.above desc
                    limit 1
                ),
                v.volume * t.base_price
            )
            else least(v.volume, t.first_tier_above) * t.base_price + (
                select sum(greatest(least(v.volume, i.up_to) - i.above, 0) * i.price)
                from tiers as i
                where i.tenant_id = v.tenant_id and i.contract_term = v.contract_term
            )
        end - v.volume * t.base_price as settled_cost
    from totals as v
    inner join terms as t on v.tenant_id = t.tenant_id and v.contract_term = t.contract_term
),

found as (
    select
        f.charge_date,
        f.tenant_id,
        f.model as contract_term,
        f.billing_currency,
        sum(f.effective_cost) as settled_cost
    from {lines} as f
    where f.pricing_status = 'charged' and f.token_type = 'volume_settlement'
    group by 1, 2, 3, 4
)

select
    charge_date,
    tenant_id,
    contract_term,
    billing_currency,
    coalesce(e.settled_cost, 0) as expected_cost,
    coalesce(f.settled_cost, 0) as effective_cost
from expected as e
full join found as f using (charge_date, tenant_id, contract_term, billing_currency)
where coalesce(e.settled_cost, 0) <> coalesce(f.settled_cost, 0)
