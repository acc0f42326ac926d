{#- Leaves in columns become lines; only what was used, but requests always (a day's requests
    are the lines of token type `request`). -#}
{% macro leaf_lines(usage, key_columns) %}
    select
        {%- for column in key_columns %}
        {{ usage }}.{{ column }},
        {%- endfor %}
        leaf.token_type,
        leaf.quantity
    from {{ usage }}
    cross join lateral (
        values
        {%- for token_type, column in token_types() %}
        ('{{ token_type }}', {{ usage }}.{{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as leaf (token_type, quantity)
    where leaf.quantity > 0 or leaf.token_type = 'request'
{% endmacro %}

{#- The quantity of one token type in one event; an extra unit's key is its token type. -#}
{% macro quantity_of(event, token_type) -%}
    case {{ token_type }}
        {%- for leaf, column in token_types() %}
        when '{{ leaf }}' then {{ event }}.{{ column }}::numeric
        {%- endfor %}
        else ({{ event }}.extra_units ->> {{ token_type }})::numeric
    end
{%- endmacro %}
