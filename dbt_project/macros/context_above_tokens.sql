{#- The context tier of one event: the greatest threshold that its total input, cache included,
    strictly exceeds; 0 below the first. The whole request moves (domain.md §E3), so this is
    decided per event, before any sum. `thresholds` is ascending. -#}
{% macro context_above_tokens(event, thresholds) -%}
    coalesce(
        {{ thresholds }}[
            width_bucket({{ sum_of_leaves(event, input_columns()) }} - 1, {{ thresholds }})
        ],
        0
    )
{%- endmacro %}
