{#- The time of day (UTC) from which the rates of one event hold: the greatest of `starts` that is not
    after it. `starts` begins with midnight, and is null for the models whose rates hold all day. -#}
{% macro time_of_day_from(event, starts) -%}
    case
        when {{ starts }} is null then time '00:00'
        else
            {{ starts }}[
                width_bucket(({{ event }}.event_at at time zone 'UTC')::time, {{ starts }})
            ]
    end
{%- endmacro %}

{#- The same asked the other way: does this event fall into this rate's hours? Rates that were
    published before there were hours hold all day. -#}
{% macro is_in_time_of_day(event, rate) -%}
    ({{ event }}.event_at at time zone 'UTC')::time >= coalesce({{ rate }}.time_of_day_from, '00:00')
    and (
        {{ rate }}.time_of_day_up_to is null
        or ({{ event }}.event_at at time zone 'UTC')::time < {{ rate }}.time_of_day_up_to
    )
{%- endmacro %}
