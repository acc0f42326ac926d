-- Where the price lines do not hold exactly what the events used.
select
    charge_date,
    tenant_id,
    token_type,
    coalesce(u.quantity, 0) as events,
    coalesce(l.quantity, 0) as price_lines
from (
    select
        x.charge_date,
        x.tenant_id,
        x.token_type,
        sum(x.quantity) as quantity
    from used as x
    group by 1, 2, 3
) as u
full join (
    select
        x.charge_date,
        x.tenant_id,
        x.token_type,
        sum(x.quantity) as quantity
    from lines as x
    where x.pricing_status <> 'charged'
    group by 1, 2, 3
) as l using (charge_date, tenant_id, token_type)
where
    coalesce(u.quantity, 0) <> coalesce(l.quantity, 0)
    and charge_date not in (select m.event_date from moved as m)
