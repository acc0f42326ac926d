{#- The weeks that a day is compared with, and how few of them still tell what is usual. -#}
{% macro compared_weeks() %}8{% endmacro %}
{% macro fewest_weeks() %}4{% endmacro %}

{#- An aggregate over the same weekday of the weeks before a row, of those days that are published; where
    a day has no such usage, `former` costs nothing. Days before the tenant's first in the
    currency are no days of no cost. `relation` has the keys of `row`. -#}
{% macro over_same_weekdays(row, relation, keys, aggregates) -%}
    (
        select {{ aggregates }}
        from generate_series(1, {{ compared_weeks() }}) as week
        inner join published_days on {{ row }}.charge_date - 7 * week = published_days.event_date
        left join {{ relation }} as former
            on
                published_days.event_date = former.charge_date
                {%- for key in keys %}
                and {{ row }}.{{ key }} = former.{{ key }}
                {%- endfor %}
        where published_days.event_date >= {{ first_day_of_tenant(row) }}
    )
{%- endmacro %}

{#- The median of an expression, as one of the values themselves: exact, and of two the lower. -#}
{% macro median(expression) -%}
    percentile_disc(0.5) within group (order by {{ expression }})
{%- endmacro %}

{#- The first day on which a row's tenant used anything that is told in the row's currency, since no day
    before a switch of currency is one of no cost; the index of `usage` knows it. -#}
{% macro first_day_of_tenant(row) -%}
    (
        select min(first_usage.charge_date)
        from usage as first_usage
        where
            first_usage.tenant_id = {{ row }}.tenant_id
            and first_usage.billing_currency = {{ row }}.billing_currency
    )
{%- endmacro %}
