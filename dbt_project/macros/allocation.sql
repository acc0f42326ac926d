{#- What of a price line a pool may be filtered by; tests/dbt compares it with the rules' own list. -#}
{% macro pool_dimensions() %}
    {{ return([
        'team_id', 'project_id', 'cost_center', 'environment', 'feature', 'provider', 'model',
        'region', 'service_tier', 'processing_mode', 'token_type',
    ]) }}
{% endmacro %}

{#- Whether a token type counts tokens. -#}
{% macro is_token(token_type) -%}
    {{ token_type }} in (
        {%- for name, column in token_types() if column in token_columns() -%}
        '{{ name }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{#- The costs that are distributed, each by itself. -#}
{% macro distributed_costs() %}
    {{ return(['list_cost', 'contracted_cost', 'effective_cost', 'billed_cost']) }}
{% endmacro %}

{#- The digits to which parts are cut before the remainder is handed out: those of a unit price. -#}
{% macro cost_quantum() %}0.000000000000000000000001{% endmacro %}
