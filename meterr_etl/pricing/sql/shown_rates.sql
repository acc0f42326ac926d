select
    r.token_type,
    r.context_above_tokens,
    r.time_of_day_from,
    trim_scale(r.unit_price * {multiplier}) as unit_price,
    trim_scale(r.unit_price * {multiplier} * 1000000) as per_million,
    r.currency,
    r.valid_from,
    r.valid_to,
    r.rate_id,
    r.catalogue || ' ' || r.catalogue_version as source,
    r.reference_version
from reference.rates as r
where
    r.provider_id = {provider_id}
    and r.model_id = {model_id}
    and r.processing_mode = {processing_mode}
    and r.service_tier = {service_tier}
    and r.valid_from <= {at}
    and (r.valid_to is null or r.valid_to > {at})
    and r.reference_version <= {reference_version}
    and (r.retired_by is null or r.retired_by > {reference_version})
order by r.token_type, r.context_above_tokens, r.time_of_day_from
