-- The affected months of each mart of months as they will stand.
select
    s.mart,
    s.billing_month,
    s.tenant_id,
    s.billing_currency,
    sum(s.request_count) as request_count,
    sum(s.input_tokens) as input_tokens,
    sum(s.output_tokens) as output_tokens,
    sum(s.cache_read_tokens) as cache_read_tokens,
    sum(s.total_tokens) as total_tokens,
    sum(s.unpriced_tokens) as unpriced_tokens,
    sum(s.list_cost) as list_cost,
    sum(s.contracted_cost) as contracted_cost,
    sum(s.effective_cost) as effective_cost,
    sum(s.billed_cost) as billed_cost
from ({months}) as s
group by 1, 2, 3, 4
