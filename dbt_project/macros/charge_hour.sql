{#- date_bin knows no time zone, so the session's does not matter. -#}
{% macro charge_hour(event_at) -%}
    date_bin('1 hour', {{ event_at }}, '2000-01-01 00:00:00+00')
{%- endmacro %}
