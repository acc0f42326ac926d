with

usage as (
    select * from {{ ref('int_usage_by_hour') }}
),

prices as (
    select * from {{ ref('int_sku_prices') }}
),

ownership as (
    select * from {{ ref('int_ownership') }}
),

team_contracts as (
    select
        owner_key as team_owner_key,
        contract_key
    from ownership
),

extra_costs as (
    select
        extra_units.charge_date,
        extra_units.charge_hour_at,
        ownership.team_owner_key,
        extra_units.sku_key,
        extra_units.context_above_tokens,
        extra_units.time_of_day_from,
        sum(extra_units.quantity * rates.list_unit_price) as list_cost,
        sum(extra_units.quantity * rates.contracted_unit_price) as contracted_cost
    from {{ ref('int_extra_units') }} as extra_units
    inner join ownership using (owner_key)
    inner join {{ ref('int_line_rates') }} as rates
        using (
            contract_key, charge_date, sku_key, context_above_tokens, time_of_day_from, token_type
        )
    group by
        extra_units.charge_date,
        extra_units.charge_hour_at,
        ownership.team_owner_key,
        extra_units.sku_key,
        extra_units.context_above_tokens,
        extra_units.time_of_day_from
),

costed as (
    select
        usage.charge_date,
        usage.charge_hour_at,
        usage.team_owner_key,
        prices.billing_currency,
        sum(usage.request_count)::bigint as request_count,
        sum({{ sum_of_leaves('usage', input_columns()) }}) as input_tokens,
        sum({{ sum_of_leaves('usage', output_columns()) }}) as output_tokens,
        coalesce(sum(usage.cache_read_tokens), 0) as cache_read_tokens,
        {{ unpriced_tokens_of_group('usage', 'prices') }} as unpriced_tokens,
        {{ list_cost_of_group('usage', 'prices', 'extra_costs.list_cost') }} as list_cost,
        {{ contracted_cost_of_group('usage', 'prices', 'extra_costs') }} as contracted_cost
    from usage
    inner join team_contracts using (team_owner_key)
    inner join prices
        using (contract_key, charge_date, sku_key, context_above_tokens, time_of_day_from)
    left join extra_costs
        using (
            charge_date,
            charge_hour_at,
            team_owner_key,
            sku_key,
            context_above_tokens,
            time_of_day_from
        )
    group by
        usage.charge_date, usage.charge_hour_at, usage.team_owner_key, prices.billing_currency
),

usage_by_hour as (
    select
        costed.charge_date,
        costed.charge_hour_at,
        ownership.tenant_id,
        ownership.tenant_name,
        ownership.team_id,
        ownership.team_name,
        costed.request_count,
        costed.input_tokens,
        costed.output_tokens,
        costed.cache_read_tokens,
        costed.input_tokens + costed.output_tokens as total_tokens,
        costed.unpriced_tokens,
        {{ cost_columns('costed.list_cost', 'costed.contracted_cost') }},
        costed.billing_currency
    from costed
    inner join ownership on costed.team_owner_key = ownership.owner_key
)

select * from usage_by_hour
