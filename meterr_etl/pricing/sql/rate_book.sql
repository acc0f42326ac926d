select
    provider_id,
    model_id,
    array_agg(distinct array[processing_mode, service_tier]) as terms,
    coalesce(
        array_agg(distinct context_above_tokens) filter (where context_above_tokens > 0),
        array[]::bigint[]
    ) as thresholds,
    array_agg(distinct time_of_day_from order by time_of_day_from) as times_of_day,
    bool_or(token_type = 'request') as has_request_fee
from reference.rates
where reference_version <= {as_of} and (retired_by is null or retired_by > {as_of})
group by provider_id, model_id
