{#- The last day of the month of a date: the day on which the month's volume is settled. -#}
{% macro last_of_month(charge_date) -%}
    (date_trunc('month', {{ charge_date }}::timestamp) + interval '1 month - 1 day')::date
{%- endmacro %}

{#- How much of a month's volume falls into a tier: its own part, or all of it where that is reached. -#}
{% macro volume_in_tier(total, tiers) -%}
    case
        when not {{ tiers }}.is_of_all
            then greatest(
                least({{ total }}, coalesce({{ tiers }}.up_to, {{ total }})) - {{ tiers }}.above, 0
            )
        when
            {{ total }} > {{ tiers }}.above
            and ({{ tiers }}.up_to is null or {{ total }} <= {{ tiers }}.up_to)
            then {{ total }}
        else 0
    end
{%- endmacro %}

{#- What a unit of the volume costs more in a tier than by the term's own price. -#}
{% macro value_difference(tiers) -%}
    case
        when {{ tiers }}.is_price then {{ tiers }}.value - {{ tiers }}.base_value
        else ({{ tiers }}.base_value - {{ tiers }}.value) * 0.01
    end
{%- endmacro %}
