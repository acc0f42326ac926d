with

usage as (
    select * from {{ ref('int_usage_by_rate_key') }}
),

ownership as (
    select * from {{ ref('int_ownership') }}
),

extra_units as (
    select * from {{ ref('int_extra_units') }}
),

-- Users and keys are no part of a price line: summing them away first keeps the unpivot small.
usage_by_line_owner as (
    select
        usage.charge_date,
        ownership.line_owner_key,
        ownership.contract_key,
        usage.sku_key,
        usage.context_above_tokens,
        usage.time_of_day_from,
        {{ resummed_leaves('usage.') }}
    from usage
    inner join ownership on usage.owner_key = ownership.owner_key
    group by
        usage.charge_date,
        ownership.line_owner_key,
        ownership.contract_key,
        usage.sku_key,
        usage.context_above_tokens,
        usage.time_of_day_from
),

int_usage_lines as (
    {{ leaf_lines(
        'usage_by_line_owner',
        [
            'charge_date',
            'line_owner_key',
            'contract_key',
            'sku_key',
            'context_above_tokens',
            'time_of_day_from',
        ]
    ) }}
    union all
    select
        extra_units.charge_date,
        ownership.line_owner_key,
        ownership.contract_key,
        extra_units.sku_key,
        extra_units.context_above_tokens,
        extra_units.time_of_day_from,
        extra_units.token_type,
        extra_units.quantity
    from extra_units
    inner join ownership on extra_units.owner_key = ownership.owner_key
)

select * from int_usage_lines
