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
    (l.consumed_quantity * l.list_unit_price)::text as exact_cost,
    l.contracted_unit_price::text,
    l.contracted_cost::text,
    (l.consumed_quantity * l.contracted_unit_price)::text as exact_contracted_cost
from {lines} as l
where
    l.list_cost <> l.consumed_quantity * l.list_unit_price
    or l.contracted_cost <> l.consumed_quantity * l.contracted_unit_price
