with

pooled as (
    select * from {{ ref('fct_pooled_cost_daily') }}
),

parts as (
    select * from {{ ref('int_distributed_parts') }}
),

-- What a pool held on the other days of its month goes to its bearers on the last.
settled as (
    select
        charge_date,
        tenant_id,
        'unassigned' as cost_center,
        'unassigned' as team_id,
        'unassigned' as project_id,
        pool,
        'held' as allocation_status,
        null::bigint as rule_version,
        null::numeric as share_numerator,
        null::numeric as share_denominator,
        {%- for cost in distributed_costs() %}
        -{{ cost }} as {{ cost }},
        {%- endfor %}
        billing_currency
    from {{ ref('int_held_costs') }}
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

distributed as (
    select
        charge_date,
        tenant_id,
        cost_center,
        team_id,
        project_id,
        'direct' as pool,
        'direct' as allocation_status,
        null::bigint as rule_version,
        null::numeric as share_numerator,
        null::numeric as share_denominator,
        {%- for cost in distributed_costs() %}
        {{ cost }},
        {%- endfor %}
        billing_currency
    from pooled
    where pool = 'direct'
    union all
    select * from settled
    union all
    select
        {{ borne_by() | join(', ') }},
        {%- for cost in distributed_costs() %}
        max(part) filter (where measure = '{{ cost }}') as {{ cost }},
        {%- endfor %}
        billing_currency
    from parts
    group by {{ borne_by() | join(', ') }}, billing_currency
),

fct_allocated_cost_daily as (
    select
        distributed.charge_date,
        distributed.tenant_id,
        organizations.name as tenant_name,
        distributed.cost_center,
        distributed.team_id,
        case
            when distributed.team_id = 'unassigned' then 'Unassigned' else teams.name
        end as team_name,
        distributed.project_id,
        case
            when distributed.project_id = 'unassigned' then 'Unassigned' else projects.name
        end as project_name,
        distributed.pool,
        distributed.allocation_status,
        distributed.rule_version,
        distributed.share_numerator,
        distributed.share_denominator,
        {%- for cost in distributed_costs() %}
        distributed.{{ cost }},
        {%- endfor %}
        distributed.billing_currency
    from distributed
    left join organizations on distributed.tenant_id = organizations.id
    left join teams
        on
            distributed.tenant_id = teams.organization_id
            and distributed.team_id = teams.id
    left join projects
        on
            distributed.tenant_id = projects.organization_id
            and distributed.project_id = projects.id
)

select * from fct_allocated_cost_daily
