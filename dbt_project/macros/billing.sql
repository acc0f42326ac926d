{#- The one row that names the first open billing period. Periods are closed one after the other;
    the first of all is the month of the first published window. No row while there is none. -#}
{% macro first_open_period() -%}
    select coalesce(closed.next_month, read.first_month) as billing_month
    from (
        select (max(billing_month) + interval '1 month')::date as next_month
        from {{ source('ops', 'closed_periods') }}
    ) as closed
    cross join (
        select {{ billing_month("(min(window_start) at time zone 'UTC')") }} as first_month
        from {{ source('ops', 'windows') }}
    ) as read
    where coalesce(closed.next_month, read.first_month) is not null
{%- endmacro %}

{#- The contracted price of a line. Where lines were written before contracts were known it is the
    list price, and the column is null. -#}
{% macro contracted_unit_price() -%}
    coalesce(contracted_unit_price, list_unit_price)
{%- endmacro %}

{#- What closed periods cost now less what was billed of them: the CTEs `first_open` to
    `corrections`. A macro, since no view reads another: while `meterr migrate` replaced the one,
    the other would be gone. -#}
{% macro correcting_ctes() -%}
{%- set key = [
    'charge_date', 'tenant_id', 'cost_center', 'team_id', 'project_id', 'provider', 'model',
    'region', 'service_tier', 'processing_mode', 'token_type', 'rate_id', 'pricing_status',
    'list_unit_price', 'billing_currency',
] -%}
{%- set contracted = contracted_unit_price() -%}
{%- set names = ['tenant_name', 'team_name', 'project_name'] -%}
{%- set measures = [
    'consumed_quantity', 'list_cost', 'contracted_cost', 'effective_cost', 'billed_cost',
] -%}

first_open as (
    {{ first_open_period() }}
),

billed as (
    select
        charge_date,
        max(version) as version
    from {{ source('ops', 'billed_days') }}
    group by charge_date
),

-- A day that was not published since it was billed holds what was billed: it is not looked at.
moved_days as (
    select
        first_open.billing_month,
        published_days.event_date
    from {{ source('ops', 'published_days') }} as published_days
    inner join first_open on published_days.event_date < first_open.billing_month
    left join billed on published_days.event_date = billed.charge_date
    where published_days.version > coalesce(billed.version, 0)
),

-- Lateral and with an offset: so each day is asked for by itself, and meets its own partition.
changes as (
    select
        moved_days.billing_month,
        lines.*
    from moved_days
    cross join lateral (
        select * from (
            select
                true as is_current,
                {{ contracted }} as contracted_unit_price,
                {{ (key + names + measures) | join(', ') }}
            from {{ ref('fct_usage_cost_daily') }}
            where charge_date = moved_days.event_date
            union all
            select
                false as is_current,
                {{ contracted }} as contracted_unit_price,
                {{ (key + names) | join(', ') }},
                -{{ measures | join(', -') }}
            from {{ source('billing', 'billed_lines') }}
            where charge_date = moved_days.event_date
        ) as both_sides
        offset 0 -- noqa: AM09
    ) as lines
),

-- The price is part of the key, so that of each line cost is quantity times price.
summed as (
    select
        billing_month,
        contracted_unit_price,
        {{ key | join(', ') }},
        coalesce(max(tenant_name) filter (where is_current), max(tenant_name)) as tenant_name,
        coalesce(max(team_name) filter (where is_current), max(team_name)) as team_name,
        coalesce(max(project_name) filter (where is_current), max(project_name)) as project_name,
        sum(consumed_quantity) as consumed_quantity,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from changes
    group by billing_month, contracted_unit_price, {{ key | join(', ') }}
),

corrections as (
    select
        billing_month,
        'Correction' as charge_class,
        contracted_unit_price,
        {{ (key + names + measures) | join(', ') }}
    from summed
    where {{ measures | join(' <> 0 or ') }} <> 0
)
{%- endmacro %}
