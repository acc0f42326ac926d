-- Where the price lines do not hold exactly what of dated charges falls on the affected days.
select
    charge_date,
    tenant_id,
    currency,
    coalesce(p.used_cost, 0) as used_cost,
    coalesce(l.used_cost, 0) as effective_cost,
    coalesce(p.billed_cost, 0) as invoiced_cost,
    coalesce(l.billed_cost, 0) as billed_cost
from (
    select
        c.charge_date,
        c.tenant_id,
        c.currency,
        sum(c.used_cost) as used_cost,
        sum(c.billed_cost) as billed_cost
    from {charge_parts} as c
    group by 1, 2, 3
) as p
full join (
    select
        x.charge_date,
        x.tenant_id,
        x.billing_currency as currency,
        sum(x.effective_cost) as used_cost,
        sum(x.billed_cost) as billed_cost
    from lines as x
    where
        x.pricing_status = 'charged'
        and x.token_type not in (
            'volume_settlement', 'commitment_drawdown', 'unused_commitment'
        )
    group by 1, 2, 3
) as l using (charge_date, tenant_id, currency)
where
    coalesce(p.used_cost, 0) <> coalesce(l.used_cost, 0)
    or coalesce(p.billed_cost, 0) <> coalesce(l.billed_cost, 0)
