select
    l.charge_date,
    l.tenant_id,
    l.provider,
    l.model,
    l.token_type,
    l.pricing_status,
    l.consumed_quantity::text,
    l.list_cost::text,
    l.billed_cost::text
from {lines} as l
where
    coalesce(l.pricing_status, '') not in ('priced', 'charged')
    and num_nonnulls(l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost) > 0
