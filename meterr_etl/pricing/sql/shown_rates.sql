select
    r.token_type,
    r.context_above_tokens,
    r.time_of_day_from,
    trim_scale(charged.unit_price) as unit_price,
    trim_scale(charged.unit_price * 1000000) as per_million,
    r.currency,
    r.valid_from,
    r.valid_to,
    r.rate_id,
    r.catalogue || ' ' || r.catalogue_version as source,
    r.reference_version
from reference.rates as r
cross join lateral (
    select
        r.unit_price
        * case when r.token_type = any ({per_token}) then {multiplier} else 1 end as unit_price
) as charged
where
    r.provider_id = {provider_id}
    and r.model_id = {model_id}
    and r.processing_mode = {processing_mode}
    and r.service_tier = {service_tier}
    and r.valid_from <= {at}
    and (r.valid_to is null or r.valid_to > {at})
    and r.reference_version <= {reference_version}
    and (r.retired_by is null or r.retired_by > {reference_version})
    -- What holds of any context repeats what each tier says.
    and r.context_above_tokens >= 0
order by r.token_type, r.context_above_tokens, r.time_of_day_from
