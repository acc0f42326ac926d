with

-- What the tiers of a contract give for a month's volume is price, not payment: it is contracted,
-- used and billed on the day that settles it. What a commitment pays of a month is payment alone.
settled as (
    select
        charge_date,
        tenant_id,
        team_id,
        project_id,
        cost_center,
        contract_term as charge,
        'volume_settlement' as charge_kind,
        provider,
        0::numeric as list_cost,
        settled_cost as contracted_cost,
        settled_cost as effective_cost,
        settled_cost as billed_cost,
        billing_currency
    from {{ ref('int_volume_settlements') }}
    union all
    select
        charge_date,
        tenant_id,
        team_id,
        project_id,
        cost_center,
        charge,
        charge_kind,
        provider,
        effective_cost as list_cost,
        effective_cost as contracted_cost,
        effective_cost,
        billed_cost,
        billing_currency
    from {{ ref('int_commitments') }}
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

int_settled_charges as (
    select
        settled.charge_date,
        settled.tenant_id,
        organizations.name as tenant_name,
        settled.team_id,
        case when settled.team_id = 'unassigned' then 'Unassigned' else teams.name end
            as team_name,
        settled.project_id,
        case when settled.project_id = 'unassigned' then 'Unassigned' else projects.name end
            as project_name,
        settled.cost_center,
        settled.charge,
        settled.charge_kind,
        settled.provider,
        settled.list_cost,
        settled.contracted_cost,
        settled.effective_cost,
        settled.billed_cost,
        settled.billing_currency
    from settled
    left join organizations on settled.tenant_id = organizations.id
    left join teams on settled.tenant_id = teams.organization_id and settled.team_id = teams.id
    left join projects
        on settled.tenant_id = projects.organization_id and settled.project_id = projects.id
)

select * from int_settled_charges
