select
    l.charge_date,
    l.tenant_id,
    l.provider,
    l.model,
    l.token_type,
    l.rate_id,
    l.consumed_quantity::text,
    l.list_cost::text,
    l.contracted_cost::text,
    l.effective_cost::text,
    l.billed_cost::text
from {lines} as l
where
    l.token_type not in ({may_be_negative})
    and least(l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost) < 0
