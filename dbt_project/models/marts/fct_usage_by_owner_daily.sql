with

usage as (
    select * from {{ ref('int_usage_by_rate_key') }}
),

prices as (
    select * from {{ ref('int_sku_prices') }}
),

ownership as (
    select * from {{ ref('int_ownership') }}
),

skus as (
    select * from {{ ref('int_skus') }}
),

extra_costs as (
    select
        extra_units.charge_date,
        extra_units.owner_key,
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
        extra_units.owner_key,
        extra_units.sku_key,
        extra_units.context_above_tokens,
        extra_units.time_of_day_from
),

costed as (
    select
        usage.charge_date,
        ownership.direct_owner_key,
        skus.model_sku_key,
        prices.billing_currency,
        {%- for _, column in token_types() %}
        coalesce(sum(usage.{{ column }}), 0) as {{ column }},
        {%- endfor %}
        {{ unpriced_tokens_of_group('usage', 'prices') }} as unpriced_tokens,
        {{ list_cost_of_group('usage', 'prices', 'extra_costs.list_cost') }} as list_cost,
        {{ contracted_cost_of_group('usage', 'prices', 'extra_costs') }} as contracted_cost
    from usage
    inner join ownership using (owner_key)
    inner join prices
        using (contract_key, charge_date, sku_key, context_above_tokens, time_of_day_from)
    inner join skus using (sku_key)
    left join extra_costs
        using (charge_date, owner_key, sku_key, context_above_tokens, time_of_day_from)
    group by
        usage.charge_date, ownership.direct_owner_key, skus.model_sku_key, prices.billing_currency
),

usage_of_owners as (
    select
        costed.charge_date,
        ownership.tenant_id,
        ownership.tenant_name,
        ownership.team_id,
        ownership.team_name,
        ownership.project_id,
        ownership.project_name,
        ownership.cost_center,
        ownership.user_id,
        ownership.api_key_id,
        ownership.environment,
        ownership.feature,
        skus.provider,
        skus.model,
        costed.request_count::bigint as request_count,
        {%- for token_type, column in token_types() if token_type != 'request' %}
        costed.{{ column }},
        {%- endfor %}
        {{ sum_of_leaves('costed', token_columns()) }} as total_tokens,
        costed.unpriced_tokens,
        {{ cost_columns('costed.list_cost', 'costed.contracted_cost') }},
        costed.billing_currency
    from costed
    inner join ownership on costed.direct_owner_key = ownership.owner_key
    inner join skus on costed.model_sku_key = skus.sku_key
),

charges_of_owners as (
    select
        {{ charged_to() }},
        {%- for unknown in ['user_id', 'api_key_id', 'environment', 'feature'] %}
        'unassigned' as {{ unknown }},
        {%- endfor %}
        provider,
        charge as model,
        {%- for _, column in token_types() + [('', 'total_tokens'), ('', 'unpriced_tokens')] %}
        0 as {{ column }},
        {%- endfor %}
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        billing_currency
    from {{ ref('int_charges') }}
),

fct_usage_by_owner_daily as (
    select * from usage_of_owners
    union all
    select * from charges_of_owners
)

select * from fct_usage_by_owner_daily
