with

rates as (
    select * from {{ ref('int_contract_rates') }}
),

contracts as (
    select * from {{ source('run', 'contracts') }}
),

fct_contract_rates_daily as (
    select
        rates.charge_date,
        contracts.tenant_id,
        rates.sku_key,
        rates.context_above_tokens,
        rates.time_of_day_from,
        rates.token_type,
        rates.rate_id,
        rates.pricing_status,
        rates.contract_term,
        contracts.contract_version,
        rates.percent_off,
        rates.fixed_unit_price,
        rates.exchange_rate,
        rates.list_unit_price,
        rates.contracted_unit_price,
        rates.billing_currency
    from rates
    inner join contracts on rates.contract_key = contracts.contract_key
)

select * from fct_contract_rates_daily
