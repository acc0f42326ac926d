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
    l.billed_cost::text
from {lines} as l
where
    l.pricing_status = 'priced'
    and num_nulls(
        l.rate_id, l.list_unit_price, l.contracted_unit_price,
        l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost
    ) > 0
