with

settled_days as (
    select event_date as charge_date
    from {{ source('run', 'affected_days') }}
    where event_date = {{ last_of_month('event_date') }}
),

usage as (
    select
        *,
        sum(cost) over (partition by charge_date, tenant_id, charge) as month_cost
    from {{ ref('int_commitment_usage') }}
    where cost > 0
),

months as (
    select distinct
        charge_date,
        tenant_id,
        charge,
        month_cost
    from usage
),

-- What is left of a commitment pays a month's usage; all later months that are published are
-- affected too, so the months before these have drawn what their published usage says.
balances as (
    select
        settled_days.charge_date,
        commitments.*,
        coalesce(months.month_cost, 0) as month_cost,
        commitments.drawn_before + sum(coalesce(months.month_cost, 0)) over (
            partition by commitments.tenant_id, commitments.charge
            order by settled_days.charge_date
        ) as used_cost
    from {{ source('run', 'commitments') }} as commitments
    inner join settled_days
        on
            commitments.valid_from <= settled_days.charge_date
            and commitments.valid_to > settled_days.charge_date
    left join months
        on
            settled_days.charge_date = months.charge_date
            and commitments.tenant_id = months.tenant_id
            and commitments.charge = months.charge
),

drawn as (
    select
        usage.charge_date,
        usage.tenant_id,
        usage.charge,
        usage.team_id,
        usage.project_id,
        usage.cost_center,
        usage.cost,
        usage.month_cost,
        balances.provider,
        balances.currency,
        least(balances.used_cost, balances.amount)
        - least(balances.used_cost - balances.month_cost, balances.amount) as drawn_cost
    from usage
    inner join balances using (charge_date, tenant_id, charge)
),

parts as (
    {{ handed_out(
        'drawn',
        'drawn_cost',
        'cost',
        'month_cost',
        'charge_date, tenant_id, charge',
        'cost_center asc, team_id asc, project_id asc'
    ) }}
),

int_commitments as (
    select
        charge_date,
        tenant_id,
        charge,
        'commitment_drawdown' as charge_kind,
        provider,
        team_id,
        project_id,
        cost_center,
        0::numeric as effective_cost,
        -part as billed_cost,
        currency as billing_currency
    from parts
    where drawn_cost > 0
    union all
    select
        charge_date,
        tenant_id,
        charge,
        'unused_commitment' as charge_kind,
        provider,
        'unassigned' as team_id,
        'unassigned' as project_id,
        'unassigned' as cost_center,
        amount - used_cost as effective_cost,
        0::numeric as billed_cost,
        currency as billing_currency
    from balances
    where charge_date = valid_to - 1 and used_cost < amount
)

select * from int_commitments
