-- Usage that a period would bill if it had a price. A line with a negative quantity takes usage
-- back that was left out before.
with

periods as (
    select
        billing_month,
        is_closed
    from marts.billing_periods
),

unpriced as (
    select
        tenant_id,
        consumed_quantity
    from marts.billed_lines
    where billing_month = {month} and pricing_status = 'unpriced'
    union all
    select
        tenant_id,
        consumed_quantity
    from marts.billing_corrections
    where billing_month = {month} and pricing_status = 'unpriced'
    union all
    select
        usage.tenant_id,
        usage.consumed_quantity
    from marts.unpriced_usage_daily as usage
    inner join periods on {month} >= periods.billing_month and not periods.is_closed
    where usage.charge_date >= {month} and usage.charge_date < {month} + interval '1 month'
)

select
    (
        select coalesce(bool_or(periods.is_closed), false)
        from periods
        where periods.billing_month = {month}
    ) as is_closed,
    count(*) as line_count,
    coalesce(sum(consumed_quantity), 0) as quantity
from unpriced
where consumed_quantity > 0 and ({tenant} is null or tenant_id = {tenant})
