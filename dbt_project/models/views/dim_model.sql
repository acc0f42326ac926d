with

usage as (
    select * from {{ ref('usage_by_model_daily') }}
),

dim_model as (
    select
        provider,
        model,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date,
        bool_or(list_cost is not null) as is_priced
    from usage
    -- Dated charges stand in the roll-up by their names; they are no models.
    where request_count <> 0 or total_tokens <> 0
    group by provider, model
)

select * from dim_model
