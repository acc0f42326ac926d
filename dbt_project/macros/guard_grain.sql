{#- Where a yml names `meta: grain`, a second row for a key would bill the same usage twice: the
    unique index stops the run. The statistics are what the joins downstream are planned by. -#}
{% macro guard_grain() %}
    {%- set grain = model.config.meta.get('grain') -%}
    {%- if grain -%}
        create unique index on {{ this }} ({{ grain | join(', ') }});
    {%- endif %}
    analyze {{ this }}
{% endmacro %}
