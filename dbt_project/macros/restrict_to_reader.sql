{#- A view shows its reader only what the reader's own row policies allow (DESIGN §3), unless its
    yml says why it must not: `meta: reads_as_owner`. -#}
{% macro restrict_to_reader() %}
    {%- if not model.config.meta.get('reads_as_owner') -%}
        alter view {{ this }} set (security_invoker = true)
    {%- endif -%}
{% endmacro %}
