{#- The list cost of a group of usage rows, each joined to the prices of its rate key. Null when
    nothing was priced, never 0. -#}
{% macro list_cost_of_group(usage, prices, extra_cost) -%}
    {{ cost_of_group(usage, prices, '_price', extra_cost) }}
{%- endmacro %}

{#- The same at contracted prices. A group is of one tenant; of one without a contract it is the
    list cost, which is not summed up a second time. -#}
{% macro contracted_cost_of_group(usage, prices, extra_cost) -%}
    case
        when min({{ prices }}.contract_key) = 0
            then {{ list_cost_of_group(usage, prices, extra_cost ~ '.list_cost') }}
        else {{ cost_of_group(
            usage,
            prices,
            '_contracted_price',
            extra_cost ~ '.contracted_cost',
            ' filter (where ' ~ prices ~ '.contract_key > 0)'
        ) }}
    end
{%- endmacro %}

{#- Every sum is written twice and computed once by PostgreSQL. -#}
{% macro cost_of_group(usage, prices, price_suffix, extra_cost, filter='') -%}
    {%- set sums = ['sum(' ~ extra_cost ~ ')' ~ filter] -%}
    {%- for token_type, column in token_types() -%}
        {%- do sums.append(
            'sum(' ~ usage ~ '.' ~ column ~ ' * ' ~ prices ~ '.' ~ token_type ~ price_suffix ~ ')'
            ~ filter
        ) -%}
    {%- endfor -%}
    case
        when num_nonnulls(
            {{ sums | join(',\n            ') }}
        ) > 0
            then
            coalesce({{ sums | join(', 0)\n            + coalesce(') }}, 0)
    end
{%- endmacro %}

{#- Tokens that had to be billed and had no rate. -#}
{% macro unpriced_tokens_of_group(usage, prices) -%}
    sum(
        case
            when {{ prices }}.is_billed
                then
                {%- for token_type, column in token_types() if column in token_columns() %}
                {{ '+ ' if not loop.first }}case
                    when {{ prices }}.{{ token_type }}_price is null
                        then coalesce({{ usage }}.{{ column }}, 0)
                    else 0
                end
                {%- endfor %}
            else 0
        end
    )
{%- endmacro %}

{#- The four costs as FOCUS defines them. Without commitments that were paid ahead, what is
    contracted is what is used up and what is invoiced; this is their one home to part. -#}
{% macro cost_columns(list_cost, contracted_cost) -%}
    {{ list_cost }} as list_cost,
        {{ contracted_cost }} as contracted_cost,
        {{ contracted_cost }} as effective_cost,
        {{ contracted_cost }} as billed_cost
{%- endmacro %}
