select
    {name} as mart,
    m.billing_month,
    m.tenant_id,
    m.billing_currency,
    m.request_count,
    m.input_tokens,
    m.output_tokens,
    m.cache_read_tokens,
    m.total_tokens,
    m.unpriced_tokens,
    m.list_cost,
    m.contracted_cost,
    m.effective_cost,
    m.billed_cost
from {published} as m
where
    m.billing_month in (select a.billing_month from affected as a)
    and not exists (select from {moved} as r where {same_key})
    and not exists (select from {derived} as r where {same_key})
union all
select
    {name},
    m.billing_month,
    m.tenant_id,
    m.billing_currency,
    m.request_count,
    m.input_tokens,
    m.output_tokens,
    m.cache_read_tokens,
    m.total_tokens,
    m.unpriced_tokens,
    m.list_cost,
    m.contracted_cost,
    m.effective_cost,
    m.billed_cost
from {derived} as m
