with

projects as (
    {{ latest_members('projects', ['tenant_id', 'entity_id']) }}
),

dim_project as (
    select
        tenant_id,
        entity_id as project_id,
        content ->> 'name' as project_name,
        coalesce(content ->> 'team_id', 'unassigned') as team_id,
        source,
        source_updated_at
    from projects
)

select * from dim_project
