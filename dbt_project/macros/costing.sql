{#- The list cost of a group of usage rows, each joined to the prices of its rate key. Null when
    nothing was priced, never 0. Every sum is written twice and computed once by PostgreSQL. -#}
{% macro list_cost_of_group(usage, prices, extra_cost) -%}
    {%- set sums = ['sum(' ~ extra_cost ~ ')'] -%}
    {%- for token_type, column in token_types() -%}
        {%- do sums.append(
            'sum(' ~ usage ~ '.' ~ column ~ ' * ' ~ prices ~ '.' ~ token_type ~ '_price)'
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

{#- No contracts yet: the three other costs are the list cost, so they have one home to move to. -#}
{% macro cost_columns(expression) -%}
    {{ expression }} as list_cost,
        {{ expression }} as contracted_cost,
        {{ expression }} as effective_cost,
        {{ expression }} as billed_cost
{%- endmacro %}
