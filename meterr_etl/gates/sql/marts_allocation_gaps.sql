-- Where what is borne, directly, by allocation or by nobody, does not add up to the price lines.
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

borne_sums as (
    select
        a.charge_date,
        a.tenant_id,
        a.billing_currency as currency,
        v.measure,
        sum(v.amount) as amount
    from {allocated} as a
    cross join
        lateral (
            values
            ('list_cost', a.list_cost),
            ('contracted_cost', a.contracted_cost),
            ('effective_cost', a.effective_cost),
            ('billed_cost', a.billed_cost)
        ) as v (measure, amount)
    group by 1, 2, 3, 4
)

select
    charge_date,
    tenant_id,
    currency,
    measure,
    coalesce(l.amount, 0) as price_lines,
    coalesce(b.amount, 0) as borne
from line_sums as l
full join borne_sums as b using (charge_date, tenant_id, currency, measure)
where
    coalesce(l.amount, 0) <> coalesce(b.amount, 0)
    and charge_date not in (select m.event_date from moved as m)
