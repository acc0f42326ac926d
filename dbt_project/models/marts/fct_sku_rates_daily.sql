with

fct_sku_rates_daily as (
    select
        charge_date,
        sku_key,
        context_above_tokens,
        context_up_to_tokens,
        time_of_day_from,
        time_of_day_up_to,
        token_type,
        provider,
        model,
        rate_id,
        list_unit_price,
        region_multiplier,
        pricing_status,
        billing_currency
    from {{ ref('int_sku_rates') }}
)

select * from fct_sku_rates_daily
