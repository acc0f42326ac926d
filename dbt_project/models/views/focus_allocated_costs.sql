with

borne as (
    select
        *,
        1::numeric as whole
    from {{ ref('fct_allocated_cost_daily') }}
),

-- Ratios of one charge must sum to exactly 1, which thirds in decimals do not: they are handed out
-- like cost.
ratios as (
    {{ handed_out(
        'borne',
        'whole',
        'share_numerator',
        'share_denominator',
        'charge_date, tenant_id, billing_currency, pool, share_denominator',
        'allocation_status asc, cost_center asc, team_id asc, project_id asc'
    ) }}
),

bearers as (
    select
        *,
        case
            when allocation_status = 'allocated'
                then coalesce(
                    nullif(project_id, 'unassigned'),
                    nullif(team_id, 'unassigned'),
                    nullif(cost_center, 'unassigned')
                )
        end as bearer_id,
        case
            when allocation_status <> 'allocated' then null
            when project_id <> 'unassigned' then coalesce(project_name, project_id)
            when team_id <> 'unassigned' then coalesce(team_name, team_id)
            else nullif(cost_center, 'unassigned')
        end as bearer_name,
        date_trunc('month', charge_date::timestamp) at time zone 'UTC' as period_start,
        (date_trunc('month', charge_date::timestamp) + interval '1 month') at time zone 'UTC'
            as period_end,
        charge_date::timestamp at time zone 'UTC' as charge_start,
        (charge_date + interval '1 day') at time zone 'UTC' as charge_end
    from ratios
),

focus_allocated_costs as (
    select
        case
            when pool <> 'direct' then coalesce('rules ' || rule_version, 'held') || ': ' || pool
        end as "AllocatedMethodId",
        case
            when share_denominator is not null
                then jsonb_build_object(
                    'Elements', jsonb_build_array(jsonb_build_object('AllocatedRatio', part)),
                    'x_ShareNumerator', share_numerator,
                    'x_ShareDenominator', share_denominator
                )
        end as "AllocatedMethodDetails",
        bearer_id as "AllocatedResourceId",
        bearer_name as "AllocatedResourceName",
        case
            when bearer_id is not null
                then jsonb_strip_nulls(
                    jsonb_build_object(
                        'cost_center', nullif(cost_center, 'unassigned'),
                        'team_id', nullif(team_id, 'unassigned'),
                        'project_id', nullif(project_id, 'unassigned')
                    )
                )
        end as "AllocatedTags",
        coalesce(billed_cost, 0) as "BilledCost",
        tenant_id as "BillingAccountId",
        coalesce(tenant_name, tenant_id) as "BillingAccountName",
        billing_currency as "BillingCurrency",
        period_end as "BillingPeriodEnd",
        period_start as "BillingPeriodStart",
        'Usage' as "ChargeCategory",
        pool as "ChargeDescription",
        charge_end as "ChargePeriodEnd",
        charge_start as "ChargePeriodStart",
        coalesce(contracted_cost, 0) as "ContractedCost",
        coalesce(effective_cost, 0) as "EffectiveCost",
        coalesce(list_cost, 0) as "ListCost",
        allocation_status as "x_AllocationStatus",
        cost_center as "x_CostCenter",
        project_id as "x_ProjectId",
        team_id as "x_TeamId",
        team_name as "x_TeamName"
    from bearers
    where effective_cost is not null
)

select * from focus_allocated_costs
