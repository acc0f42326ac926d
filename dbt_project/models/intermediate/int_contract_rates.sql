with

skus as (
    select * from {{ ref('int_skus') }}
),

rates as (
    select * from {{ ref('int_sku_rates') }}
),

terms as (
    select * from {{ source('run', 'contract_terms') }}
),

currencies as (
    select * from {{ source('run', 'contract_currencies') }}
),

exchange_rates as (
    select * from {{ source('run', 'exchange_rates') }}
),

-- What a tenant with a contract did not use needs no price of its own.
used as (
    select distinct
        ownership.contract_key,
        usage.charge_date,
        usage.sku_key,
        usage.context_above_tokens,
        usage.time_of_day_from
    from {{ ref('int_usage_by_rate_key') }} as usage
    inner join {{ ref('int_ownership') }} as ownership on usage.owner_key = ownership.owner_key
    where ownership.contract_key > 0
),

-- The first term, in the file's order, that a line fits; and the currency that the tenant is billed
-- in that day.
contracted as (
    select
        used.contract_key,
        rates.*,
        term.contract_term,
        term.percent_off,
        term.unit_price as fixed_unit_price,
        term.currency as fixed_currency,
        coalesce(currencies.currency, rates.billing_currency) as contract_currency
    from used
    inner join rates using (charge_date, sku_key, context_above_tokens, time_of_day_from)
    inner join skus on used.sku_key = skus.sku_key
    left join lateral (
        select *
        from terms
        where {{ fits_term('terms', 'used', 'rates', 'skus') }}
        order by terms.term_order
        limit 1
    ) as term on rates.rate_id is not null
    left join currencies
        on
            used.contract_key = currencies.contract_key
            and used.charge_date >= currencies.valid_from
            and (used.charge_date < currencies.valid_to or currencies.valid_to is null)
),

-- Without a known exchange rate there is no price: the line is unpriced, never billed as if one
-- unit of a currency were worth one of another.
exchanged as (
    select
        contracted.*,
        {{ exchange_rate('contracted.billing_currency', 'contracted.contract_currency', 'list') }}
            as list_exchange_rate,
        {{ exchange_rate('contracted.fixed_currency', 'contracted.contract_currency', 'fixed') }}
            as fixed_exchange_rate
    from contracted
    {{ left_join_exchange('list', 'contracted.billing_currency') }}
    {{ left_join_exchange('fixed', 'contracted.fixed_currency') }}
),

-- A price is quantised here, once, to what decimal128(38, 24) holds: whatever it is multiplied with
-- afterwards is exact.
priced as (
    select
        *,
        rate_id is not null and (
            list_exchange_rate is null
            or (fixed_unit_price is not null and fixed_exchange_rate is null)
        ) as lacks_exchange_rate,
        trim_scale(round(list_unit_price * list_exchange_rate, 24)) as own_list_price,
        trim_scale(round(coalesce(
            fixed_unit_price * fixed_exchange_rate,
            list_unit_price * list_exchange_rate * (1 - coalesce(percent_off, 0) * 0.01)
        ), 24)) as own_contracted_price
    from exchanged
),

int_contract_rates as (
    select
        contract_key,
        charge_date,
        sku_key,
        context_above_tokens,
        time_of_day_from,
        token_type,
        case when not lacks_exchange_rate then rate_id end as rate_id,
        case when lacks_exchange_rate then 'unpriced' else pricing_status end as pricing_status,
        case when lacks_exchange_rate then 'no_exchange_rate' else unpriced_reason end
            as unpriced_reason,
        case when not lacks_exchange_rate then contract_term end as contract_term,
        percent_off,
        fixed_unit_price,
        coalesce(fixed_exchange_rate, list_exchange_rate) as exchange_rate,
        case when not lacks_exchange_rate then own_list_price end as list_unit_price,
        case when not lacks_exchange_rate then own_contracted_price end as contracted_unit_price,
        contract_currency as billing_currency
    from priced
)

select * from int_contract_rates
