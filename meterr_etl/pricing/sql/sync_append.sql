-- A rate that returns after it was retired is a row of its own: history is never edited.
insert into reference.rates (
    rate_id, catalogue, catalogue_version, provider_id, model_id, token_type, processing_mode,
    service_tier, context_above_tokens, valid_from, valid_to, unit_price, currency,
    time_of_day_from, reference_version
)
select
    case
        when exists (select from reference.rates as r where r.rate_id = a.rate_id)
            then a.rate_id || '-' || {reference_version}
        else a.rate_id
    end as rate_id,
    a.catalogue,
    a.catalogue_version,
    a.provider_id,
    a.model_id,
    a.token_type,
    a.processing_mode,
    a.service_tier,
    a.context_above_tokens,
    a.valid_from,
    a.valid_to,
    a.unit_price,
    a.currency,
    a.time_of_day_from,
    {reference_version} as reference_version
from arriving_rates as a
inner join rate_changes as c on a.rate_id = c.new_rate_id
