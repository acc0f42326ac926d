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

{#- The same tier asked the other way: does this event fall into this rate's tier? -#}
{% macro is_in_context_tier(event, rate) -%}
    (
        {{ rate }}.context_above_tokens = 0
        or {{ sum_of_leaves(event, input_columns()) }} > {{ rate }}.context_above_tokens
    )
    and (
        {{ rate }}.context_up_to_tokens is null
        or {{ sum_of_leaves(event, input_columns()) }} <= {{ rate }}.context_up_to_tokens
    )
{%- endmacro %}
