-- Guards that unpriced_usage_daily lists just the unpriced lines of the cube: a quantity that it
-- misses would pass the gate on the unpriced share unseen.
with

in_cube as (
    select
        charge_date,
        tenant_id,
        provider,
        model,
        token_type,
        sum(consumed_quantity) as consumed_quantity
    from {{ ref('fct_usage_cost_daily') }}
    where pricing_status = 'unpriced'
    group by charge_date, tenant_id, provider, model, token_type
)

select
    in_cube.consumed_quantity as quantity_in_cube,
    listed.consumed_quantity as quantity_listed
from in_cube
full join {{ ref('unpriced_usage_daily') }} as listed
    using (charge_date, tenant_id, provider, model, token_type)
where in_cube.consumed_quantity is distinct from listed.consumed_quantity
