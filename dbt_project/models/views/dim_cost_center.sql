with

teams as (
    {{ latest_members('teams', ['tenant_id', 'entity_id']) }}
),

usage as (
    select
        tenant_id,
        cost_center,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date
    from {{ ref('usage_by_team_daily') }}
    group by tenant_id, cost_center
),

current_cost_centers as (
    select
        tenant_id,
        coalesce(content ->> 'cost_center', 'unassigned') as cost_center,
        count(*) as team_count
    from teams
    group by tenant_id, coalesce(content ->> 'cost_center', 'unassigned')
),

-- One that no team belongs to any more still has its history.
dim_cost_center as (
    select
        coalesce(current_cost_centers.tenant_id, usage.tenant_id) as tenant_id,
        coalesce(current_cost_centers.cost_center, usage.cost_center) as cost_center,
        coalesce(current_cost_centers.team_count, 0) as team_count,
        usage.first_charge_date,
        usage.last_charge_date
    from current_cost_centers
    full join usage
        on
            current_cost_centers.tenant_id = usage.tenant_id
            and current_cost_centers.cost_center = usage.cost_center
)

select * from dim_cost_center
