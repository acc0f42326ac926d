with

finer_tenants as (
    {{ finer_tenants(finer_pool_dimensions()) }}
),

owners as (
    select ownership.*
    from {{ ref('int_ownership') }} as ownership
    inner join finer_tenants on ownership.tenant_id = finer_tenants.tenant_id
),

tag_sets as (
    select * from {{ source('run', 'tag_sets') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

rates as (
    select * from {{ ref('int_line_rates') }}
),

-- Most tenants ask for nothing that a price line does not tell, and their events are passed over.
events as (
    select
        events.*,
        owners.contract_key,
        {{ context_above_tokens('events', 'skus.context_thresholds') }} as context_above_tokens,
        {{ time_of_day_from('events', 'skus.times_of_day') }} as time_of_day_from
    from {{ source('run', 'affected_events') }} as events
    inner join owners on events.owner_key = owners.owner_key
    inner join skus on events.sku_key = skus.sku_key
),

usage as (
    select
        event_date as charge_date,
        {{ keys_by_tag() | join(', ') }},
        {{ summed_leaves() }}
    from events
    group by event_date, {{ keys_by_tag() | join(', ') }}
),

lines as (
    {{ leaf_lines('usage', ['charge_date'] + keys_by_tag()) }}
    union all
    select
        events.event_date as charge_date,
        {{ keys_by_tag() | join(', ') }},
        unit.key as token_type,
        sum(unit.value::numeric) as quantity
    from events
    cross join jsonb_each_text(events.extra_units) as unit
    where unit.value::numeric > 0
    group by events.event_date, {{ keys_by_tag() | join(', ') }}, unit.key
),

int_lines_by_tag as (
    select
        lines.charge_date,
        owners.tenant_id,
        owners.team_id,
        owners.project_id,
        owners.cost_center,
        owners.environment,
        owners.feature,
        owners.user_id,
        owners.api_key_id,
        tag_sets.tags,
        skus.provider,
        skus.model,
        skus.region,
        skus.service_tier,
        skus.processing_mode,
        lines.token_type,
        lines.quantity as consumed_quantity,
        {{ cost_columns(
            'lines.quantity * rates.list_unit_price',
            'lines.quantity * rates.contracted_unit_price'
        ) }},
        rates.billing_currency
    from lines
    inner join owners on lines.owner_key = owners.owner_key
    inner join skus on lines.sku_key = skus.sku_key
    inner join rates
        on
            lines.charge_date = rates.charge_date
            and lines.contract_key = rates.contract_key
            and lines.sku_key = rates.sku_key
            and lines.context_above_tokens = rates.context_above_tokens
            and lines.time_of_day_from = rates.time_of_day_from
            and lines.token_type = rates.token_type
    left join tag_sets on lines.tag_key = tag_sets.tag_key
)

select * from int_lines_by_tag
