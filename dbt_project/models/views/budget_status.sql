with

budgets as (
    select * from {{ source('reference', 'budgets') }}
    where retired_by is null
),

costs as (
    select * from {{ ref('fct_allocated_cost_daily') }}
),

months as (
    select
        {{ billing_month('event_date') }} as billing_month,
        max(event_date) as last_charge_date,
        count(*) as published_day_count
    from {{ source('ops', 'published_days') }}
    group by {{ billing_month('event_date') }}
),

spent as (
    select
        months.billing_month,
        months.last_charge_date,
        months.published_day_count,
        budgets.tenant_id,
        budgets.name as budget,
        budgets.scope,
        budgets.scope_id,
        budgets.amount as budget_cost,
        budgets.warn_at_share,
        budgets.currency as billing_currency,
        coalesce(total.cost, 0) as cost_to_date,
        coalesce(total.cost, 0) = 0 and total.has_foreign_cost as is_unmet,
        extract(day from months.billing_month + interval '1 month' - interval '1 day')
            as days_in_month
    from budgets
    inner join months
        on
            budgets.first_month <= months.billing_month
            and (budgets.last_month is null or budgets.last_month >= months.billing_month)
    cross join
        lateral (
            select
                sum(costs.effective_cost) filter (where costs.billing_currency = budgets.currency)
                    as cost,
                bool_or(costs.billing_currency <> budgets.currency and costs.effective_cost <> 0)
                    as has_foreign_cost
            from costs
            where
                budgets.tenant_id = costs.tenant_id
                and costs.charge_date >= months.billing_month
                and costs.charge_date <= months.last_charge_date
                and budgets.scope_id = case budgets.scope
                    when 'tenant' then costs.tenant_id
                    when 'cost_center' then costs.cost_center
                    when 'team' then costs.team_id
                    else costs.project_id
                end
        ) as total
),

projected as (
    select
        *,
        cost_to_date / published_day_count as cost_per_day,
        cost_to_date / published_day_count * days_in_month as projected_cost
    from spent
),

budget_status as (
    select
        billing_month,
        tenant_id,
        budget,
        scope,
        scope_id,
        budget_cost,
        cost_to_date,
        cost_to_date / budget_cost as spent_share,
        published_day_count,
        last_charge_date,
        cost_per_day,
        projected_cost,
        case
            when cost_to_date < budget_cost and projected_cost > budget_cost
                then last_charge_date + ceil((budget_cost - cost_to_date) / cost_per_day)::integer
        end as exhausted_on,
        case
            when cost_to_date > budget_cost then 'exceeded'
            -- A day that is not published hides what it cost, another currency all of it.
            when published_day_count < extract(day from last_charge_date) then 'unknown'
            when is_unmet then 'unknown'
            when projected_cost > budget_cost or cost_to_date >= budget_cost * warn_at_share
                then 'at_risk'
            else 'on_track'
        end as budget_status,
        billing_currency
    from projected
)

select * from budget_status
