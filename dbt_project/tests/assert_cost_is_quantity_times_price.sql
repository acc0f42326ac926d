-- Guards the arithmetic of a price line (DESIGN §8): cost = quantity × rate, never rounded. A line
-- that breaks it can't be explained by its own columns. A dated charge is used up by its days and
-- invoiced on one of them.
select *
from {{ ref('fct_usage_cost_daily') }}
where
    list_cost is distinct from consumed_quantity * list_unit_price
    or contracted_cost is distinct from consumed_quantity * contracted_unit_price
    or (
        pricing_status <> 'charged'
        and (
            effective_cost is distinct from contracted_cost
            or billed_cost is distinct from contracted_cost
        )
    )
