{#- Only the publisher writes the published marts: dbt would replace every day by the affected
    ones and lock out readers meanwhile. Runs as a hook, so `docs` and `compile` are free. -#}
{% macro refuse_outside_candidate() %}
    {%- if execute and target.name == 'published' -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ this.identifier ~ "' is built in a candidate only; the publish step fills the"
            " published table. Select tag:published here, or use a slot as the target."
        ) }}
    {%- endif -%}
{% endmacro %}
