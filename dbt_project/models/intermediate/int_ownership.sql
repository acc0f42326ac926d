with

-- Of the events themselves, so that owners are known at the same time as what they used.
used_owners as (
    select distinct owner_key from {{ source('run', 'affected_events') }}
),

owners as (
    select owners.*
    from {{ source('run', 'owners') }} as owners
    inner join used_owners on owners.owner_key = used_owners.owner_key
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

users as (
    select * from {{ source('run', 'users') }}
),

api_keys as (
    select * from {{ source('run', 'api_keys') }}
),

moves as (
    select * from {{ source('run', 'moves') }}
),

-- A dimension counts only within the event's own tenant: an id that another tenant owns names
-- nobody here.
owners_with_project as (
    select
        owners.*,
        coalesce(
            owners.project_id, {{ belonged_to('key_moves', 'api_keys.project_id') }}
        ) as charged_project_id
    from owners
    left join api_keys
        on owners.tenant_id = api_keys.organization_id and owners.api_key_id = api_keys.id
    {{ left_join_moves('key_moves', 'api_keys', 'owners.api_key_id') }}
),

owners_with_team as (
    select
        owners.*,
        projects.name as project_name,
        coalesce(
            {{ belonged_to('project_moves', 'projects.team_id') }},
            {{ belonged_to('user_moves', 'users.team_id') }}
        ) as team_id
    from owners_with_project as owners
    left join projects
        on owners.tenant_id = projects.organization_id and owners.charged_project_id = projects.id
    {{ left_join_moves('project_moves', 'projects', 'owners.charged_project_id') }}
    left join users
        on owners.tenant_id = users.organization_id and owners.user_id = users.id
    {{ left_join_moves('user_moves', 'users', 'owners.user_id') }}
),

named as (
    select
        owners.owner_key,
        owners.tenant_id,
        -- 0 is the list: who has no contract pays that.
        coalesce(contracts.contract_key, 0) as contract_key,
        organizations.name as tenant_name,
        coalesce(owners.team_id, 'unassigned') as team_id,
        case when owners.team_id is null then 'Unassigned' else teams.name end as team_name,
        coalesce(owners.charged_project_id, 'unassigned') as project_id,
        case
            when owners.charged_project_id is null then 'Unassigned' else owners.project_name
        end as project_name,
        coalesce({{ belonged_to('team_moves', 'teams.cost_center') }}, 'unassigned')
            as cost_center,
        coalesce(owners.user_id, 'unassigned') as user_id,
        coalesce(owners.api_key_id, 'unassigned') as api_key_id,
        coalesce(owners.environment, 'unassigned') as environment,
        coalesce(owners.feature, 'unassigned') as feature
    from owners_with_team as owners
    left join organizations on owners.tenant_id = organizations.id
    left join {{ source('run', 'contracts') }} as contracts on owners.tenant_id = contracts.tenant_id
    left join teams
        on owners.tenant_id = teams.organization_id and owners.team_id = teams.id
    {{ left_join_moves('team_moves', 'teams', 'owners.team_id') }}
),

int_ownership as (
    select
        *,
        -- Facts group by one of these numbers instead of a dozen texts; it is the smallest
        -- owner_key of those that look the same to the fact.
        min(owner_key) over (
            partition by
                tenant_id,
                team_id,
                project_id,
                cost_center,
                environment,
                feature,
                user_id,
                api_key_id
        ) as direct_owner_key,
        min(owner_key) over (
            partition by tenant_id, team_id, project_id, cost_center, environment, feature
        ) as line_owner_key,
        min(owner_key) over (partition by tenant_id, team_id) as team_owner_key
    from named
)

select * from int_ownership
