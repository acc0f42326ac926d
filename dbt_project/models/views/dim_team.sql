with

teams as (
    {{ latest_members('teams', ['tenant_id', 'entity_id']) }}
),

usage as (
    select
        tenant_id,
        team_id,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date
    from {{ ref('usage_by_team_daily') }}
    where team_id <> 'unassigned'
    group by tenant_id, team_id
),

dim_team as (
    select
        coalesce(teams.tenant_id, usage.tenant_id) as tenant_id,
        coalesce(teams.entity_id, usage.team_id) as team_id,
        teams.content ->> 'name' as team_name,
        coalesce(teams.content ->> 'cost_center', 'unassigned') as cost_center,
        teams.source,
        teams.source_updated_at,
        usage.first_charge_date,
        usage.last_charge_date
    from teams
    full join usage on teams.tenant_id = usage.tenant_id and teams.entity_id = usage.team_id
)

select * from dim_team
