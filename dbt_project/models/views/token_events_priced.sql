with

events as (
    select events.*
    from {{ source('staging', 'canonical_events') }} as events
    inner join {{ source('ops', 'published_days') }} as days on events.event_date = days.event_date
),

owners as (
    select * from {{ source('staging', 'owners') }}
),

skus as (
    select * from {{ source('staging', 'skus') }}
),

sources as (
    select * from {{ source('staging', 'sources') }}
),

rates as (
    select * from {{ ref('fct_sku_rates_daily') }}
),

contract_rates as (
    select * from {{ ref('fct_contract_rates_daily') }}
),

token_events_priced as (
    select
        events.event_date as charge_date,
        events.event_at,
        sources.source,
        coalesce(events.source_event_id, events.event_key::text) as source_event_id,
        owners.tenant_id,
        coalesce(owners.project_id, 'unassigned') as project_id,
        coalesce(owners.user_id, 'unassigned') as user_id,
        coalesce(owners.api_key_id, 'unassigned') as api_key_id,
        coalesce(owners.environment, 'unassigned') as environment,
        coalesce(owners.feature, 'unassigned') as feature,
        events.session_id,
        skus.provider,
        coalesce(price.model, skus.model) as model,
        coalesce(skus.region, 'unassigned') as region,
        coalesce(skus.service_tier, 'default') as service_tier,
        skus.processing_mode,
        skus.accounting_role,
        skus.status,
        skus.is_gateway_cache_hit,
        {%- for _, column in token_types() %}
        events.{{ column }},
        {%- endfor %}
        events.extra_units,
        {{ sum_of_leaves('events', token_columns()) }} as total_tokens,
        price.context_above_tokens,
        price.rate_ids,
        price.unpriced_token_types,
        {{ cost_columns('price.list_cost', 'price.contracted_cost') }},
        coalesce(price.billing_currency, 'USD') as billing_currency,
        events.reported_cost,
        skus.reported_cost_currency,
        events.latency_ms,
        events.owner_key,
        events.sku_key,
        events.tag_key,
        events.run_no
    from events
    inner join owners on events.owner_key = owners.owner_key
    inner join skus on events.sku_key = skus.sku_key
    inner join sources on events.source_id = sources.source_id
    -- One row of rates per token type that the day used, so each picks its own leaf.
    cross join lateral (
        select
            max(line.model) as model,
            max(line.context_above_tokens) as context_above_tokens,
            array_agg(line.rate_id order by line.token_type)
            filter (where line.quantity > 0 and line.rate_id is not null) as rate_ids,
            array_agg(line.token_type order by line.token_type)
            filter (where line.pricing_status = 'unpriced') as unpriced_token_types,
            sum(line.quantity * line.list_unit_price) as list_cost,
            sum(line.quantity * line.contracted_unit_price) as contracted_cost,
            max(line.billing_currency) as billing_currency
        from (
            select
                rates.token_type,
                rates.model,
                rates.context_above_tokens,
                coalesce(own.pricing_status, rates.pricing_status) as pricing_status,
                coalesce(own.billing_currency, rates.billing_currency) as billing_currency,
                {%- for column in ['rate_id', 'list_unit_price'] %}
                case
                    when own.tenant_id is null then rates.{{ column }} else own.{{ column }}
                end as {{ column }},
                {%- endfor %}
                case
                    when own.tenant_id is null then rates.list_unit_price
                    else own.contracted_unit_price
                end as contracted_unit_price,
                {{ quantity_of('events', 'rates.token_type') }} as quantity
            from rates
            left join contract_rates as own
                on
                    owners.tenant_id = own.tenant_id
                    and rates.charge_date = own.charge_date
                    and rates.sku_key = own.sku_key
                    and rates.context_above_tokens = own.context_above_tokens
                    and rates.time_of_day_from = own.time_of_day_from
                    and rates.token_type = own.token_type
            where
                rates.charge_date = events.event_date
                and rates.sku_key = events.sku_key
                and {{ is_in_context_tier('events', 'rates') }}
                and {{ is_in_time_of_day('events', 'rates') }}
        ) as line
        where line.quantity > 0 or line.token_type = 'request'
    ) as price
)

select * from token_events_priced
