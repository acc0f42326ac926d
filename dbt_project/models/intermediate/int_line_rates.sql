with

list_rates as (
    select * from {{ ref('int_sku_rates') }}
),

contract_rates as (
    select * from {{ ref('int_contract_rates') }}
),

int_line_rates as (
    select
        0 as contract_key,
        charge_date,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        token_type,
        rate_id,
        pricing_status,
        unpriced_reason,
        null::text as contract_term,
        list_unit_price,
        list_unit_price as contracted_unit_price,
        billing_currency
    from list_rates
    union all
    select
        contract_key,
        charge_date,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        token_type,
        rate_id,
        pricing_status,
        unpriced_reason,
        contract_term,
        list_unit_price,
        contracted_unit_price,
        billing_currency
    from contract_rates
)

select * from int_line_rates
