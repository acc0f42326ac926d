with old as (
    select r.*
    from reference.rates as r
    where
        r.reference_version <= {old_version}
        and (r.retired_by is null or r.retired_by > {old_version})
),

new as (
    select r.*
    from reference.rates as r
    where
        r.reference_version <= {new_version}
        and (r.retired_by is null or r.retired_by > {new_version})
)

select
    provider_id,
    model_id,
    token_type,
    processing_mode,
    service_tier,
    context_above_tokens,
    time_of_day_from,
    valid_from,
    o.valid_to as old_valid_to,
    n.valid_to as new_valid_to,
    o.unit_price as old_unit_price,
    n.unit_price as new_unit_price
from old as o
full join new as n using (
    catalogue,
    provider_id,
    model_id,
    token_type,
    processing_mode,
    service_tier,
    context_above_tokens,
    time_of_day_from,
    valid_from
)
where
    (o.unit_price, o.valid_to, o.currency) is distinct from (n.unit_price, n.valid_to, n.currency)
    -- What holds of any context repeats what each tier says.
    and context_above_tokens >= 0
order by 1, 2, 3, 4, 5, 6, 7, 8
