with

borne as (
    select * from {{ ref('fct_allocated_cost_daily') }}
),

fct_allocated_cost_monthly as (
    select
        {{ billing_month('charge_date') }} as billing_month,
        tenant_id,
        {{ latest('tenant_name') }} as tenant_name,
        cost_center,
        team_id,
        {{ latest('team_name') }} as team_name,
        project_id,
        {{ latest('project_name') }} as project_name,
        pool,
        allocation_status,
        case when allocation_status <> 'held' then rule_version end as rule_version,
        {%- for cost in distributed_costs() %}
        sum({{ cost }}) as {{ cost }},
        {%- endfor %}
        billing_currency,
        max(charge_date) as last_charge_date
    from borne
    group by
        {{ billing_month('charge_date') }},
        tenant_id,
        cost_center,
        team_id,
        project_id,
        pool,
        allocation_status,
        case when allocation_status <> 'held' then rule_version end,
        billing_currency
    -- What was held is taken off again on the last day, and then says nothing of a month.
    having
        allocation_status <> 'held'
        {%- for cost in distributed_costs() %}
        or sum({{ cost }}) <> 0
        {%- endfor %}
)

select * from fct_allocated_cost_monthly
