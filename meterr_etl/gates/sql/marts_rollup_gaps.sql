-- Where a roll-up does not add up to the price lines: quantities by day and tenant, costs by
-- currency too.
with line_sums as (
    select
        l.charge_date,
        l.tenant_id,
        l.pricing_status = 'charged' as is_charge,
        v.currency,
        v.measure,
        sum(v.amount) as amount
    from lines as l
    cross join
        lateral (
            values
            ('request_count', '', l.quantity * (l.token_type = 'request')::integer),
            ('input_tokens', '', l.quantity * l.is_input::integer),
            ('output_tokens', '', l.quantity * l.is_output::integer),
            ('cache_read_tokens', '', l.quantity * (l.token_type = 'cache_read')::integer),
            ('total_tokens', '', l.quantity * (l.is_input or l.is_output)::integer),
            (
                'unpriced_tokens', '',
                l.quantity
                * ((l.is_input or l.is_output) and l.pricing_status = 'unpriced')::integer
            ),
            ('list_cost', l.billing_currency, l.list_cost),
            ('contracted_cost', l.billing_currency, l.contracted_cost),
            ('effective_cost', l.billing_currency, l.effective_cost),
            ('billed_cost', l.billing_currency, l.billed_cost)
        ) as v (measure, currency, amount)
    where v.amount <> 0
    group by 1, 2, 3, 4, 5
),

roll_sums as (
    select
        r.mart,
        r.charge_date,
        r.tenant_id,
        v.currency,
        v.measure,
        sum(v.amount) as amount
    from rolled as r
    cross join
        lateral (
            values
            ('request_count', '', r.request_count),
            ('input_tokens', '', r.input_tokens),
            ('output_tokens', '', r.output_tokens),
            ('cache_read_tokens', '', r.cache_read_tokens),
            ('total_tokens', '', r.total_tokens),
            ('unpriced_tokens', '', r.unpriced_tokens),
            ('list_cost', r.billing_currency, r.list_cost),
            ('contracted_cost', r.billing_currency, r.contracted_cost),
            ('effective_cost', r.billing_currency, r.effective_cost),
            ('billed_cost', r.billing_currency, r.billed_cost)
        ) as v (measure, currency, amount)
    where v.amount <> 0
    group by 1, 2, 3, 4, 5
)

select
    mart,
    charge_date,
    tenant_id,
    currency,
    measure,
    coalesce(l.amount, 0) as price_lines,
    coalesce(r.amount, 0) as roll_up
from (
    select
        m.mart,
        s.charge_date,
        s.tenant_id,
        s.currency,
        s.measure,
        sum(s.amount) as amount
    from line_sums as s
    cross join unnest({roll_ups}::text[]) as m (mart)
    -- A dated charge is of a day and has no hour.
    where m.mart <> 'usage_by_hour' or not s.is_charge
    group by 1, 2, 3, 4, 5
) as l
full join roll_sums as r using (mart, charge_date, tenant_id, currency, measure)
where
    coalesce(l.amount, 0) <> coalesce(r.amount, 0)
    and charge_date not in (select m.event_date from moved as m)
