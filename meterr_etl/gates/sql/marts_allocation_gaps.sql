-- Where what is borne, directly, by allocation or by nobody, or what pools take in and leave, does
-- not add up to the price lines.
with line_sums as (
    select
        l.charge_date,
        l.tenant_id,
        l.billing_currency as currency,
        v.measure,
        sum(v.amount) as amount
    from lines as l
    cross join
        lateral (
            values
            ('list_cost', l.list_cost),
            ('contracted_cost', l.contracted_cost),
            ('effective_cost', l.effective_cost),
            ('billed_cost', l.billed_cost)
        ) as v (measure, amount)
    group by 1, 2, 3, 4
),

told as (
    select
        'fct_allocated_cost_daily' as mart,
        a.charge_date,
        a.tenant_id,
        a.billing_currency,
        a.list_cost,
        a.contracted_cost,
        a.effective_cost,
        a.billed_cost
    from {allocated} as a
    union all
    select
        'fct_pooled_cost_daily' as mart,
        p.charge_date,
        p.tenant_id,
        p.billing_currency,
        p.list_cost,
        p.contracted_cost,
        p.effective_cost,
        p.billed_cost
    from {pooled} as p
),

told_sums as (
    select
        t.mart,
        t.charge_date,
        t.tenant_id,
        t.billing_currency as currency,
        v.measure,
        sum(v.amount) as amount
    from told as t
    cross join
        lateral (
            values
            ('list_cost', t.list_cost),
            ('contracted_cost', t.contracted_cost),
            ('effective_cost', t.effective_cost),
            ('billed_cost', t.billed_cost)
        ) as v (measure, amount)
    group by 1, 2, 3, 4, 5
),

expected as (
    select
        m.mart,
        s.*
    from line_sums as s
    cross join (values ('fct_allocated_cost_daily'), ('fct_pooled_cost_daily')) as m (mart)
)

select
    mart,
    charge_date,
    tenant_id,
    currency,
    measure,
    coalesce(e.amount, 0) as price_lines,
    coalesce(t.amount, 0) as borne
from expected as e
full join told_sums as t using (mart, charge_date, tenant_id, currency, measure)
where
    coalesce(e.amount, 0) <> coalesce(t.amount, 0)
    and charge_date not in (select m.event_date from moved as m)
