{#- What the unit of a line would have cost under other terms of its own model, by the rate book as
    its day was priced: same service tier, context tier and time of day. A unit without a price
    of its own there is charged as what it was charged as. A region's uplift is what the line
    paid above its rate; it is taken over where that quotient is exact, else there is no price.
    The rate book is named here and not in a CTE: read twice, that would be scanned for each line. -#}
{% macro other_unit_price(
    line, processing_mode, token_types, context_above_tokens='paid.context_above_tokens'
) -%}
    (
        select
            case
                when paid.unit_price * uplift.multiplier = {{ line }}.list_unit_price
                    then trim_scale(other.unit_price * uplift.multiplier)
            end as list_unit_price
        from {{ source('reference', 'rates') }} as paid
        inner join {{ source('reference', 'rates') }} as other
            on
                paid.provider_id = other.provider_id
                and paid.model_id = other.model_id
                and paid.catalogue = other.catalogue
                and paid.service_tier = other.service_tier
                and {{ context_above_tokens }} = other.context_above_tokens
                and paid.time_of_day_from = other.time_of_day_from
                and paid.currency = other.currency
        inner join {{ source('ops', 'published_days') }} as published_days
            on
                other.reference_version <= published_days.reference_version
                and (
                    other.retired_by > published_days.reference_version
                    or other.retired_by is null
                )
        cross join lateral (
            select {{ line }}.list_unit_price / nullif(paid.unit_price, 0) as multiplier
        ) as uplift
        where
            paid.rate_id = {{ line }}.rate_id
            and published_days.event_date = {{ line }}.charge_date
            and other.processing_mode = {{ processing_mode }}
            and other.token_type in ({{ token_types | join(', ') }})
            and other.valid_from <= {{ line }}.charge_date
            and (other.valid_to > {{ line }}.charge_date or other.valid_to is null)
        order by other.token_type = {{ line }}.token_type desc
        limit 1
    )
{%- endmacro %}

{#- What tokens read from or written to a cache cost by list, and would have cost as uncached input:
    the columns of cache_savings_daily. -#}
{% macro cache_savings(lines) -%}
    select
        charge_date,
        tenant_id,
        max(tenant_name) as tenant_name,
        team_id,
        max(team_name) as team_name,
        feature,
        provider,
        model,
        sum(consumed_quantity) filter (where token_type = 'cache_read')
            as cache_read_tokens,
        sum(consumed_quantity) filter (where token_type <> 'cache_read')
            as cache_write_tokens,
        sum(list_cost) as list_cost,
        sum(consumed_quantity * uncached.list_unit_price) as uncached_list_cost,
        sum(
            consumed_quantity
            * (uncached.list_unit_price - {{ lines }}.list_unit_price)
        ) as saved_list_cost,
        coalesce(
            sum(consumed_quantity) filter (
                where uncached.list_unit_price is null
            ),
            0
        ) as incomparable_tokens,
        billing_currency
    from {{ lines }}
    left join
        lateral {{ other_unit_price(lines, lines ~ '.processing_mode', ["'uncached_input'"]) }}
            as uncached on true
    where token_type like 'cache\_%'
    group by
        charge_date,
        tenant_id,
        team_id,
        feature,
        provider,
        model,
        billing_currency
{%- endmacro %}
