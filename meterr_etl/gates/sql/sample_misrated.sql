select
    l.charge_date,
    l.tenant_id,
    l.provider,
    l.model,
    l.token_type,
    l.rate_id,
    l.consumed_quantity::text,
    l.list_unit_price::text,
    l.list_cost::text,
    (l.consumed_quantity * l.list_unit_price)::text as exact_cost
from {lines} as l
where l.list_cost <> l.consumed_quantity * l.list_unit_price
