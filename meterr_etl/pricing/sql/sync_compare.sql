create temporary table rate_changes on commit drop as
with in_force as (
    select *
    from reference.rates
    where retired_by is null and catalogue = {catalogue}
)

select
    held.rate_id as gone_rate_id,
    arriving.rate_id as new_rate_id
from in_force as held
full join arriving_rates as arriving
    on
        held.provider_id = arriving.provider_id
        and held.model_id = arriving.model_id
        and held.token_type = arriving.token_type
        and held.processing_mode = arriving.processing_mode
        and held.service_tier = arriving.service_tier
        and held.context_above_tokens = arriving.context_above_tokens
        and held.time_of_day_from = arriving.time_of_day_from
        and held.valid_from = arriving.valid_from
        and coalesce(held.valid_to, 'infinity') = coalesce(arriving.valid_to, 'infinity')
        and held.unit_price = arriving.unit_price
        and held.currency = arriving.currency
where held.rate_id is null or arriving.rate_id is null
