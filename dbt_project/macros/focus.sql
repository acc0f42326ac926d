{#- The unit of a quantity in FOCUS' unit format: a plural noun. Token types are the catalogue's
    units, and what is no token ends in its unit; tests/dbt compares all of them. -#}
{% macro focus_unit(token_type, charge_category="'Usage'") -%}
    case
        when {{ token_type }} = 'request' then 'Requests'
        when {{ token_type }} = 'web_search' then 'Searches'
        when {{ token_type }} in ('volume_settlement', 'commitment_drawdown') then 'Settlements'
        when {{ token_type }} = 'unused_commitment' then 'Commitments'
        when {{ token_type }} in ('subscription', 'fee', 'credit', 'commitment')
            then initcap({{ token_type }})
                || case when {{ charge_category }} = 'Usage' then '-Days' else 's' end
        when {{ token_type }} ~ '_(characters|executions|messages|pages|pixels|searches|seconds)$'
            then initcap(substring({{ token_type }} from '[a-z]+$'))
        else 'Tokens'
    end
{%- endmacro %}

{#- What a SKU meters, by the names that FOCUS 1.5 drafts for the four plain ones. -#}
{% macro focus_meter(token_type) -%}
    case
        when {{ token_type }} = 'uncached_input' then 'Input Tokens'
        when {{ token_type }} = 'cache_read' then 'Cache Read Input Tokens'
        when {{ token_type }} like 'cache\_write%' then 'Cache Write Input Tokens'
        when {{ focus_unit(token_type) }} <> 'Tokens'
            then initcap(replace({{ token_type }}, '_', ' '))
        else initcap(replace({{ token_type }}, '_', ' ')) || ' Tokens'
    end
{%- endmacro %}

{#- The attributes of a dated rate, as FOCUS' SkuPriceDetails. Version 1.2 defines no property of
    tokens, so each key bears x_; a property that says nothing of a rate is left out. -#}
{% macro focus_price_details(rates) -%}
    nullif(jsonb_strip_nulls(jsonb_build_object(
        'x_ModelId', {{ rates }}.model_id,
        'x_TokenType', {{ rates }}.token_type,
        'x_TokenDirection', case
            when {{ rates }}.token_type ~ '^(output|reasoning)' then 'Output'
            when {{ rates }}.token_type ~ '^(cache|uncached_input|input)' then 'Input'
        end,
        'x_TokenCacheAction', case
            when {{ rates }}.token_type ~ '^cache.*_read' then 'Read'
            when {{ rates }}.token_type ~ '^cache.*_write' then 'Write'
            when {{ rates }}.token_type ~ '^(uncached_input|input)' then 'Uncached'
        end,
        'x_ProcessingMode', {{ rates }}.processing_mode,
        'x_ServiceTier', {{ rates }}.service_tier,
        -- Text, since FOCUS takes a number here for the value of a single unit.
        'x_ContextAboveTokens', nullif({{ rates }}.context_above_tokens, 0)::text,
        'x_TimeOfDayFrom', nullif({{ rates }}.time_of_day_from, '00:00')::text
    )), '{}')
{%- endmacro %}

{#- What each billing period charges, by the line that is frozen when it is closed: the CTEs up to
    `charges`. Unpriced lines have no cost, and lines that are not billed are no charges. Days are
    joined laterally: so each is asked for by itself, and meets its own partition or its part of
    an index, and a filter on the period chooses among days. -#}
{% macro focus_charge_ctes() -%}
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

{{ correcting_ctes() }},

closed_charges as (
    select
        days.billing_month,
        lines.*
    from {{ source('ops', 'billed_days') }} as days
    cross join lateral (
        select
            billed_lines.charge_class,
            {{ contracted }} as contracted_unit_price,
            {{ (key + names + measures) | join(', ') }}
        from {{ source('billing', 'billed_lines') }} as billed_lines
        where
            billed_lines.charge_date = days.charge_date
            and billed_lines.billing_month = days.billing_month
            and billed_lines.pricing_status in ('priced', 'charged')
        offset 0 -- noqa: AM09
    ) as lines
),

open_charges as (
    select
        {{ billing_month('days.event_date') }} as billing_month,
        null as charge_class,
        lines.*
    from {{ source('ops', 'published_days') }} as days
    inner join first_open on days.event_date >= first_open.billing_month
    cross join lateral (
        select
            {{ contracted }} as contracted_unit_price,
            {{ key | join(', ') }},
            max(tenant_name) as tenant_name,
            max(team_name) as team_name,
            max(project_name) as project_name,
            {%- for measure in measures %}
            sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('fct_usage_cost_daily') }}
        where
            charge_date = days.event_date
            and pricing_status in ('priced', 'charged')
        group by {{ contracted }}, {{ key | join(', ') }}
    ) as lines
),

charges as (
    {%- for arm in ['closed_charges', 'open_charges', 'corrections'] %}
    select
        billing_month,
        charge_class,
        contracted_unit_price,
        {{ (key + names + measures) | join(', ') }}
    from {{ arm }}
    {%- if arm == 'corrections' %}
    where pricing_status in ('priced', 'charged')
    {%- else %}
    union all
    {%- endif %}
    {%- endfor %}
)
{%- endmacro %}
