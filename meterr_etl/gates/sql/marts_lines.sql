-- The price lines without team, project, environment and feature, with their faults counted.
select
    l.charge_date,
    l.tenant_id,
    l.provider,
    l.model,
    l.region,
    l.service_tier,
    l.processing_mode,
    l.token_type,
    l.pricing_status,
    l.billing_currency,
    l.token_type in (
        'uncached_input', 'cache_read', 'cache_write', 'cache_write_5m', 'cache_write_1h',
        'input_audio'
    ) as is_input,
    l.token_type in ('output', 'reasoning', 'output_audio') as is_output,
    sum(l.consumed_quantity) as quantity,
    sum(l.list_cost) as list_cost,
    sum(l.contracted_cost) as contracted_cost,
    sum(l.effective_cost) as effective_cost,
    sum(l.billed_cost) as billed_cost,
    count(*) filter (
        where l.list_cost <> l.consumed_quantity * l.list_unit_price
        or l.contracted_cost <> l.consumed_quantity * l.contracted_unit_price
    ) as misrated_lines,
    count(*) filter (
        where l.token_type not in ({may_be_negative})
        and least(l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost) < 0
    ) as negative_lines,
    count(*) filter (
        where l.pricing_status = 'priced'
        and num_nulls(
            l.rate_id, l.list_unit_price, l.contracted_unit_price,
            l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost
        ) > 0
    ) as rateless_lines,
    count(*) filter (
        where coalesce(l.pricing_status, '') not in ('priced', 'charged')
        and num_nonnulls(l.list_cost, l.contracted_cost, l.effective_cost, l.billed_cost) > 0
    ) as unpriced_lines_with_cost
from {lines} as l
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
