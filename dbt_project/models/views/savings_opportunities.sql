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

compared as (
    select
        lines.*,
        batch.list_unit_price as batch_unit_price
    from lines
    left join
        lateral {{ other_unit_price('lines', "'batch'", ['lines.token_type', 'paid.token_type']) }}
            as batch
        on true
),

in_batches as (
    select
        charge_date,
        tenant_id,
        max(tenant_name) as tenant_name,
        team_id,
        max(team_name) as team_name,
        feature,
        provider,
        model,
        sum(consumed_quantity) filter (where batch_unit_price is not null) as compared_quantity,
        coalesce(
            sum(consumed_quantity) filter (where batch_unit_price is null), 0
        ) as incomparable_quantity,
        sum(list_cost) filter (where batch_unit_price is not null) as list_cost,
        sum(consumed_quantity * batch_unit_price) as other_list_cost,
        billing_currency
    from compared
    group by charge_date, tenant_id, team_id, feature, provider, model, billing_currency
),

savings as (
    select
        'batch' as saving_kind,
        in_batches.*
    from in_batches
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
