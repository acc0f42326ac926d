with

usage as (
    select * from {{ ref('fct_usage_cost_daily') }}
),

lines as (
    select * from {{ ref('fct_usage_cost_daily') }}
    where processing_mode = 'sync' and pricing_status = 'priced'
),

cached as (
    {{ cache_savings('usage') }}
),

-- Calls so long that all their tokens cost more; the rates with such a threshold are few.
long_lines as (
    select * from {{ ref('fct_usage_cost_daily') }}
    where
        rate_id in (
            select rates.rate_id
            from {{ source('reference', 'rates') }} as rates
            where rates.context_above_tokens > 0
        )
),

compared as (
    select
        'batch' as saving_kind,
        lines.*,
        batch.list_unit_price as other_unit_price
    from lines
    left join
        lateral {{ other_unit_price('lines', "'batch'", ['lines.token_type', 'paid.token_type']) }}
            as batch
        on true
    union all
    select
        'short_prompt' as saving_kind,
        long_lines.*,
        short.list_unit_price as other_unit_price
    from long_lines
    left join
        lateral {{ other_unit_price(
            'long_lines',
            'long_lines.processing_mode',
            ['long_lines.token_type', 'paid.token_type'],
            context_above_tokens='0'
        ) }} as short
        on true
),

in_other_terms as (
    select
        saving_kind,
        charge_date,
        tenant_id,
        max(tenant_name) as tenant_name,
        team_id,
        max(team_name) as team_name,
        feature,
        provider,
        model,
        sum(consumed_quantity) filter (where other_unit_price is not null) as compared_quantity,
        coalesce(
            sum(consumed_quantity) filter (where other_unit_price is null), 0
        ) as incomparable_quantity,
        sum(list_cost) filter (where other_unit_price is not null) as list_cost,
        sum(consumed_quantity * other_unit_price) as other_list_cost,
        billing_currency
    from compared
    group by
        saving_kind, charge_date, tenant_id, team_id, feature, provider, model, billing_currency
),

savings as (
    select * from in_other_terms
    union all
    select
        'no_cache' as saving_kind,
        charge_date,
        tenant_id,
        tenant_name,
        team_id,
        team_name,
        feature,
        provider,
        model,
        coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) - incomparable_tokens
            as compared_quantity,
        incomparable_tokens as incomparable_quantity,
        uncached_list_cost - saved_list_cost as list_cost,
        uncached_list_cost as other_list_cost,
        billing_currency
    from cached
),

savings_opportunities as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        team_id,
        team_name,
        feature,
        provider,
        model,
        saving_kind,
        compared_quantity,
        incomparable_quantity,
        list_cost,
        other_list_cost,
        list_cost - other_list_cost as saved_list_cost,
        billing_currency
    from savings
    where list_cost > other_list_cost
)

select * from savings_opportunities
