{#- The disjoint leaves of an event (DESIGN §5) as (token_type, column) pairs.
    tests/dbt compares them with meterr_etl.contract.columns.LEAVES. -#}
{% macro token_types() %}
    {{ return([
        ('uncached_input', 'uncached_input_tokens'),
        ('cache_read', 'cache_read_tokens'),
        ('cache_write', 'cache_write_tokens'),
        ('cache_write_5m', 'cache_write_5m_tokens'),
        ('cache_write_1h', 'cache_write_1h_tokens'),
        ('input_audio', 'input_audio_tokens'),
        ('output', 'output_tokens'),
        ('reasoning', 'reasoning_tokens'),
        ('output_audio', 'output_audio_tokens'),
        ('web_search', 'web_search_requests'),
        ('request', 'request_count'),
    ]) }}
{% endmacro %}

{% macro input_columns() %}
    {{ return([
        'uncached_input_tokens', 'cache_read_tokens', 'cache_write_tokens',
        'cache_write_5m_tokens', 'cache_write_1h_tokens', 'input_audio_tokens',
    ]) }}
{% endmacro %}

{% macro output_columns() %}
    {{ return(['output_tokens', 'reasoning_tokens', 'output_audio_tokens']) }}
{% endmacro %}

{% macro token_columns() %}
    {{ return(input_columns() + output_columns()) }}
{% endmacro %}

{#- The sum of some leaves of one row; a leaf that was not reported adds nothing. -#}
{% macro sum_of_leaves(relation, columns) -%}
    (
        {%- for column in columns %}
        {{ '+ ' if not loop.first }}coalesce({{ relation }}.{{ column }}, 0)
        {%- endfor %}
    )
{%- endmacro %}

{#- Sums of rows that are sums already. -#}
{% macro resummed_leaves(prefix='') -%}
    {%- for _, column in token_types() %}
        sum({{ prefix }}{{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Sums of a group of events: null where nothing was used, so that such leaves make no line. They
    stay bigint, which sums and joins faster than numeric and overflows loudly. -#}
{% macro summed_leaves() -%}
    {%- for token_type, column in token_types() %}
        {%- if token_type == 'request' %}
        sum({{ column }})::bigint as {{ column }}{{ ',' if not loop.last }}
        {%- else %}
        nullif(sum({{ column }}), 0)::bigint as {{ column }}{{ ',' if not loop.last }}
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
