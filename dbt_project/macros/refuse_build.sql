{#- A mart of months is no table of a candidate: the publish step derives the months that it
    changes, and `meterr migrate` all of them. -#}
{% macro refuse_build() %}
    {%- if execute -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ this.identifier ~ "' is derived by the publish step from "
            ~ model.depends_on.nodes | join(', ') ~ ", not built. `meterr migrate` fills it anew."
        ) }}
    {%- endif -%}
{% endmacro %}
