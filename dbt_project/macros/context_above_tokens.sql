{#- The context tier of one event: the greatest threshold that its total input, cache included,
    strictly exceeds; 0 below the first. The whole request moves (domain.md §E3), so this is
    decided per event, before any sum. `thresholds` is ascending. A bucket of many requests whose sum
    exceeds the first threshold does not tell of which size they were: it is in tier -1, which no
    rate has. -#}
{% macro context_above_tokens(event, thresholds) -%}
    case
        when {{ event }}.request_count <> 1 and {{ total_input(event) }} > {{ thresholds }}[1] then -1
        else
            coalesce(
                {{ thresholds }}[
                    width_bucket({{ total_input(event) }} - 1, {{ thresholds }})
                ],
                0
            )
    end
{%- endmacro %}

{#- The same tier asked the other way: does this event fall into this rate's tier? -#}
{% macro is_in_context_tier(event, rate) -%}
    case
        when {{ rate }}.context_above_tokens = -1
            then
            {{ event }}.request_count <> 1
            and {{ total_input(event) }} > {{ rate }}.context_up_to_tokens
        when {{ rate }}.context_above_tokens = 0
            then
            {{ rate }}.context_up_to_tokens is null
            or {{ total_input(event) }} <= {{ rate }}.context_up_to_tokens
        else
            {{ event }}.request_count = 1
            and {{ total_input(event) }} > {{ rate }}.context_above_tokens
            and (
                {{ rate }}.context_up_to_tokens is null
                or {{ total_input(event) }} <= {{ rate }}.context_up_to_tokens
            )
    end
{%- endmacro %}

{#- The whole input of one event. Of its extra units those count that are input tokens: images, video,
    cached audio; never seconds, pages or searches. tests/dbt compares the pattern with the catalogue's
    units. -#}
{% macro total_input(event) -%}
    (
        {{ sum_of_leaves(event, input_columns()) }}
        + case
            when {{ event }}.extra_units is null then 0
            else (
                select coalesce(ceil(sum(extra.value::numeric)), 0)::bigint
                from jsonb_each_text({{ event }}.extra_units) as extra
                where extra.key ~ '{{ input_token_pattern() }}'
            )
        end
    )
{%- endmacro %}

{% macro input_token_pattern() -%}
    ^(input|cache)_(text_|audio_|image_|video_)?(text|audio|image|video|tool|read|write|write_5m|write_1h)$
{%- endmacro %}
