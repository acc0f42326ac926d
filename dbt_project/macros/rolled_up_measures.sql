{#- The measures that every small roll-up carries, from rows of fct_usage_by_owner_daily.
    A sum of costs stays null when nothing in it was priced. -#}
{% macro rolled_up_measures(relation) -%}
    sum({{ relation }}.request_count)::bigint as request_count,
        sum({{ sum_of_leaves(relation, input_columns()) }}) as input_tokens,
        sum({{ sum_of_leaves(relation, output_columns()) }}) as output_tokens,
        sum({{ relation }}.cache_read_tokens) as cache_read_tokens,
        sum({{ relation }}.total_tokens) as total_tokens,
        sum({{ relation }}.unpriced_tokens) as unpriced_tokens,
        sum({{ relation }}.list_cost) as list_cost,
        sum({{ relation }}.contracted_cost) as contracted_cost,
        sum({{ relation }}.effective_cost) as effective_cost,
        sum({{ relation }}.billed_cost) as billed_cost
{%- endmacro %}

{#- The same measures from rows of a roll-up that has them: of a month, or of fewer dimensions. -#}
{% macro summed_measures() -%}
    sum(request_count)::bigint as request_count,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(total_tokens) as total_tokens,
        sum(unpriced_tokens) as unpriced_tokens,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
{%- endmacro %}

{#- A name may change within a month; the last day's is shown. -#}
{% macro latest(column) -%}
    (array_agg({{ column }} order by charge_date desc))[1]
{%- endmacro %}

{#- The month that a row is billed in. -#}
{% macro billing_month(charge_date) -%}
    date_trunc('month', {{ charge_date }}::timestamp)::date
{%- endmacro %}
