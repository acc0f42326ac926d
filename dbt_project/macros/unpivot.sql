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

{#- Whatever a source meters beyond the leaves: each key is a token type of its own. -#}
{% macro extra_unit_lines(usage, key_columns) %}
    select
        {%- for column in key_columns %}
        {{ usage }}.{{ column }},
        {%- endfor %}
        unit.key as token_type,
        sum(unit.value::numeric) as quantity
    from {{ usage }}
    cross join unnest({{ usage }}.extra_units) as event (units)
    cross join jsonb_each_text(event.units) as unit
    where {{ usage }}.extra_units is not null
    group by {% for column in key_columns %}{{ usage }}.{{ column }}, {% endfor %}unit.key
    having sum(unit.value::numeric) > 0
{% endmacro %}
