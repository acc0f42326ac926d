{#- What was used of each kind of call: the leaves of `usage`, and the extra units; of how many types
    it is. -#}
{% macro used_units(usage, extra_units) %}
    {%- set keys = ['charge_date', 'sku_key', 'context_above_tokens', 'time_of_day_from'] -%}
    select
        *,
        count(*) over (partition by {{ keys | join(', ') }}) as used_types
    from (
        select
            {{ keys | join(',\n            ') }},
            token_type
        from ({{ leaf_lines(usage, keys) }}) as lines
        union
        select
            {{ keys | join(',\n            ') }},
            token_type
        from {{ extra_units }}
    ) as used_types
{% endmacro %}
