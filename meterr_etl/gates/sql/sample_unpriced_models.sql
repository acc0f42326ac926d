select
    l.provider,
    l.model,
    l.token_type,
    sum(l.consumed_quantity)::text as consumed_quantity
from {lines} as l
where l.pricing_status = 'unpriced'
group by l.provider, l.model, l.token_type
order by sum(l.consumed_quantity) desc
