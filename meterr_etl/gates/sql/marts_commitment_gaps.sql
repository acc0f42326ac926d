-- Where, by the end of a month, commitments have not paid all usage that they cover, or more, or
-- were not told as lost by whatever nobody used.
with usage as (
    select
        l.charge_date,
        l.tenant_id,
        l.provider,
        l.billing_currency,
        l.contracted_cost
    from {lines} as l
    where l.pricing_status = 'priced' or l.token_type = 'volume_settlement'
    union all
    select
        u.charge_date,
        u.tenant_id,
        u.provider,
        u.billing_currency,
        u.cost as contracted_cost
    from {published_usage} as u
),

months as (
    select
        a.event_date as charge_date,
        c.tenant_id,
        c.charge,
        c.amount,
        c.drawn_before,
        a.event_date = c.valid_to - 1 as is_last,
        (
            select coalesce(sum(u.contracted_cost), 0)
            from usage as u
            where
                u.tenant_id = c.tenant_id
                and u.provider = c.provider
                and u.billing_currency = c.currency
                and u.charge_date between greatest(
                    date_trunc('month', a.event_date::timestamp)::date, c.valid_from
                ) and a.event_date
        ) as used_cost
    from {commitments} as c
    inner join {affected_days} as a
        on a.event_date >= c.valid_from and a.event_date < c.valid_to
    where extract(day from a.event_date + 1) = 1
),

found as (
    select
        l.charge_date,
        l.tenant_id,
        l.model as charge,
        -sum(l.billed_cost) as drawn_cost,
        sum(l.effective_cost) as lost_cost
    from {lines} as l
    where
        l.pricing_status = 'charged'
        and l.token_type in ('commitment_drawdown', 'unused_commitment')
    group by 1, 2, 3
),

balances as (
    select
        charge_date,
        tenant_id,
        charge,
        m.is_last,
        m.amount,
        least(m.amount, m.drawn_before + sum(m.used_cost) over by_then) as owed_by_then,
        m.drawn_before + sum(coalesce(f.drawn_cost, 0)) over by_then as drawn_by_then,
        coalesce(f.lost_cost, 0) as lost_cost,
        m.charge is null as is_stray
    from months as m
    full join found as f using (charge_date, tenant_id, charge)
    window by_then as (partition by tenant_id, charge order by charge_date)
)

select
    charge_date,
    tenant_id,
    charge,
    owed_by_then,
    drawn_by_then,
    lost_cost
from balances
where
    is_stray
    or owed_by_then <> drawn_by_then
    or lost_cost <> case when is_last then amount - owed_by_then else 0 end
