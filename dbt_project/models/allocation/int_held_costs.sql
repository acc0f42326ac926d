with

settled_days as (
    select event_date as charge_date
    from {{ source('run', 'affected_days') }}
    where event_date = {{ last_of_month('event_date') }}
),

pools as (
    select * from {{ source('run', 'allocation_pools') }}
    where period = 'month'
),

pooled as (
    select
        charge_date,
        tenant_id,
        pool,
        {{ distributed_costs() | join(', ') }},
        billing_currency
    from {{ ref('fct_pooled_cost_daily') }}
    where charge_date < {{ last_of_month('charge_date') }}
    union all
    select
        charge_date,
        tenant_id,
        pool,
        {{ distributed_costs() | join(', ') }},
        billing_currency
    from {{ source('run', 'published_pools') }}
),

int_held_costs as (
    select
        settled_days.charge_date,
        pooled.tenant_id,
        pooled.pool,
        {%- for cost in distributed_costs() %}
        sum(pooled.{{ cost }}) as {{ cost }},
        {%- endfor %}
        pooled.billing_currency
    from pooled
    inner join settled_days on {{ last_of_month('pooled.charge_date') }} = settled_days.charge_date
    inner join pools
        on
            pooled.tenant_id = pools.tenant_id
            and pooled.pool = pools.pool
            and pooled.charge_date >= pools.valid_from
            and (pools.valid_to is null or pooled.charge_date < pools.valid_to)
    group by settled_days.charge_date, pooled.tenant_id, pooled.pool, pooled.billing_currency
)

select * from int_held_costs
