-- Where a mart of months does not add up to the days: quantities by month and tenant, costs by
-- currency too.
with told as (
    select
        m.mart,
        d.*,
        1 as side
    from daily as d
    cross join unnest({marts}::text[]) as m (mart)
    union all
    select
        m.mart,
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
        m.billed_cost,
        2 as side
    from monthly as m
)

select
    t.mart,
    t.billing_month,
    t.tenant_id,
    v.currency,
    v.measure,
    coalesce(sum(v.amount) filter (where t.side = 1), 0) as days,
    coalesce(sum(v.amount) filter (where t.side = 2), 0) as month
from told as t
cross join
    lateral (
        values
        ('request_count', '', t.request_count),
        ('input_tokens', '', t.input_tokens),
        ('output_tokens', '', t.output_tokens),
        ('cache_read_tokens', '', t.cache_read_tokens),
        ('total_tokens', '', t.total_tokens),
        ('unpriced_tokens', '', t.unpriced_tokens),
        ('list_cost', t.billing_currency, t.list_cost),
        ('contracted_cost', t.billing_currency, t.contracted_cost),
        ('effective_cost', t.billing_currency, t.effective_cost),
        ('billed_cost', t.billing_currency, t.billed_cost)
    ) as v (measure, currency, amount)
group by 1, 2, 3, 4, 5
having
    coalesce(sum(v.amount) filter (where t.side = 1), 0)
    <> coalesce(sum(v.amount) filter (where t.side = 2), 0)
