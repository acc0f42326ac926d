with

parts as (
    select
        *,
        charge_date::timestamp at time zone 'UTC' as owned_at
    from {{ source('run', 'charge_parts') }}
),

organizations as (
    select * from {{ source('run', 'organizations') }}
),

teams as (
    select * from {{ source('run', 'teams') }}
),

projects as (
    select * from {{ source('run', 'projects') }}
),

moves as (
    select * from {{ source('run', 'moves') }}
),

parts_with_team as (
    select
        parts.*,
        projects.name as project_name,
        coalesce(parts.team_id, {{ belonged_to('project_moves', 'projects.team_id') }})
            as charged_team_id
    from parts
    left join projects
        on parts.tenant_id = projects.organization_id and parts.project_id = projects.id
    {{ left_join_moves('project_moves', 'projects', 'parts.project_id', of='parts') }}
),

dated_charges as (
    select
        parts.charge_date,
        parts.tenant_id,
        organizations.name as tenant_name,
        coalesce(parts.charged_team_id, 'unassigned') as team_id,
        case when parts.charged_team_id is null then 'Unassigned' else teams.name end as team_name,
        coalesce(parts.project_id, 'unassigned') as project_id,
        case when parts.project_id is null then 'Unassigned' else parts.project_name end
            as project_name,
        coalesce(
            parts.cost_center, {{ belonged_to('team_moves', 'teams.cost_center') }}, 'unassigned'
        ) as cost_center,
        parts.charge,
        parts.charge_kind,
        parts.provider,
        -- A credit takes off what is paid and changes no price.
        trim_scale(case when parts.charge_kind = 'credit' then 0 else parts.used_cost end)
            as list_cost,
        trim_scale(case when parts.charge_kind = 'credit' then 0 else parts.used_cost end)
            as contracted_cost,
        trim_scale(parts.used_cost) as effective_cost,
        trim_scale(parts.billed_cost) as billed_cost,
        parts.currency as billing_currency
    from parts_with_team as parts
    left join organizations on parts.tenant_id = organizations.id
    left join teams
        on parts.tenant_id = teams.organization_id and parts.charged_team_id = teams.id
    {{ left_join_moves('team_moves', 'teams', 'parts.charged_team_id', of='parts') }}
),

int_charges as (
    select * from dated_charges
    union all
    select * from {{ ref('int_settled_charges') }}
)

select * from int_charges
