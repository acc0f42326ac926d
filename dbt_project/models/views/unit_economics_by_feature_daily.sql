with

usage as (
    select * from {{ ref('usage_by_feature_daily') }}
),

unit_economics_by_feature_daily as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        feature,
        environment,
        request_count,
        total_tokens,
        unpriced_tokens,
        input_tokens,
        cache_read_tokens,
        effective_cost,
        effective_cost / nullif(request_count, 0) as cost_per_request,
        effective_cost * 1000 / nullif(total_tokens, 0) as cost_per_thousand_tokens,
        cache_read_tokens / nullif(input_tokens, 0) as cache_hit_share,
        billing_currency
    from usage
)

select * from unit_economics_by_feature_daily
