{#- To whom a dated charge is charged, in the order in which facts name owners. -#}
{% macro charged_to() -%}
    charge_date,
        tenant_id,
        tenant_name,
        team_id,
        team_name,
        project_id,
        project_name,
        cost_center
{%- endmacro %}
