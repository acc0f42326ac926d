with

rates as (
    select * from {{ ref('int_line_rates') }}
),

int_sku_prices as (
    select
        contract_key,
        charge_date,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        billing_currency,
        {%- for token_type, _ in token_types() %}
        max(list_unit_price) filter (where token_type = '{{ token_type }}')
            as {{ token_type }}_price,
        max(contracted_unit_price) filter (where token_type = '{{ token_type }}')
            as {{ token_type }}_contracted_price,
        {%- endfor %}
        -- a request alone tells nothing, since most have no fee of their own
        coalesce(
            bool_and(pricing_status <> 'not_billed') filter (where token_type <> 'request'), true
        ) as is_billed
    from rates
    group by
        contract_key, charge_date, sku_key, context_above_tokens, time_of_day_from, billing_currency
)

select * from int_sku_prices
