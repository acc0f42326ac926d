{#- Everything that a run builds lies in the one schema of its target (DESIGN §3). -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}
