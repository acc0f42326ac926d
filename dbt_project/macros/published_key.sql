{#- The key of a mart as its yml publishes it: the one place where it is written. -#}
{% macro published_key(mart) %}
    {%- if execute -%}
        {{ return(graph.nodes['model.meterr.' ~ mart].config.meta.published.key) }}
    {%- else -%}
        {{ return(['charge_date']) }}
    {%- endif -%}
{% endmacro %}
