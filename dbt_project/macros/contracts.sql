{#- Whether a line that was used meets a term of its tenant's contract: a dimension that the term does
    not name takes all values. -#}
{% macro fits_term(terms, used, rates, skus) -%}
    {{ terms }}.contract_key = {{ used }}.contract_key
            and {{ terms }}.valid_from <= {{ used }}.charge_date
            and ({{ terms }}.valid_to is null or {{ used }}.charge_date < {{ terms }}.valid_to)
            and ({{ terms }}.provider is null or {{ terms }}.provider = {{ rates }}.provider)
            and ({{ terms }}.model is null or {{ terms }}.model = {{ rates }}.model)
            and ({{ terms }}.token_type is null or {{ terms }}.token_type = {{ rates }}.token_type)
            and (
                {{ terms }}.service_tier is null
                or {{ terms }}.service_tier = {{ skus }}.service_tier
            )
            and (
                {{ terms }}.processing_mode is null
                or {{ terms }}.processing_mode = {{ skus }}.processing_mode
            )
{%- endmacro %}

{#- Joins the one exchange rate from a currency to the contract's that holds on the day. -#}
{% macro left_join_exchange(kind, from_currency) -%}
    left join exchange_rates as {{ kind }}_rates
        on
            {{ from_currency }} = {{ kind }}_rates.from_currency
            and contracted.contract_currency = {{ kind }}_rates.to_currency
            and contracted.charge_date >= {{ kind }}_rates.valid_from
            and contracted.charge_date < {{ kind }}_rates.valid_to
{%- endmacro %}

{#- What one unit of a currency is worth in another: 1 in its own, null where nobody said. -#}
{% macro exchange_rate(from_currency, to_currency, kind) -%}
    case when {{ from_currency }} = {{ to_currency }} then 1 else {{ kind }}_rates.rate end
{%- endmacro %}
