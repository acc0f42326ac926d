select
    provider_id,
    model_id,
    array_agg(distinct array[processing_mode, service_tier]) as terms,
    coalesce(
        array_agg(distinct context_above_tokens) filter (where context_above_tokens > 0),
        array[]::bigint[]
    ) as thresholds
from reference.rates
where retired_by is null
group by provider_id, model_id
