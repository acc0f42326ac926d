with

rates as (
    select * from {{ source('reference', 'rates') }}
),

dim_rate as (
    select
        rate_id,
        catalogue,
        catalogue_version,
        provider_id,
        model_id,
        token_type,
        processing_mode,
        service_tier,
        context_above_tokens,
        time_of_day_from,
        valid_from,
        valid_to,
        unit_price as list_unit_price,
        currency as billing_currency,
        reference_version,
        retired_by is not null as is_retired
    from rates
)

select * from dim_rate
