with

teams as (
    select * from {{ ref('usage_by_team_daily') }}
),

users as (
    select
        charge_date,
        tenant_id,
        team_id,
        billing_currency,
        count(distinct user_id) filter (where request_count > 0) as active_users
    from {{ ref('usage_by_user_daily') }}
    where user_id <> 'unassigned'
    group by charge_date, tenant_id, team_id, billing_currency
),

-- A team that changed its cost center within a day has two rows.
usage as (
    select
        charge_date,
        tenant_id,
        max(tenant_name) as tenant_name,
        team_id,
        max(team_name) as team_name,
        {{ summed_measures() }},
        billing_currency
    from teams
    group by charge_date, tenant_id, team_id, billing_currency
),

unit_economics_daily as (
    select
        usage.charge_date,
        usage.tenant_id,
        usage.tenant_name,
        usage.team_id,
        usage.team_name,
        usage.request_count,
        usage.total_tokens,
        usage.unpriced_tokens,
        usage.input_tokens,
        usage.cache_read_tokens,
        coalesce(users.active_users, 0) as active_users,
        usage.effective_cost,
        usage.effective_cost / nullif(usage.request_count, 0) as cost_per_request,
        usage.effective_cost * 1000 / nullif(usage.total_tokens, 0) as cost_per_thousand_tokens,
        usage.effective_cost / nullif(users.active_users, 0) as cost_per_active_user,
        usage.cache_read_tokens / nullif(usage.input_tokens, 0) as cache_hit_share,
        usage.billing_currency
    from usage
    left join users
        on
            usage.tenant_id = users.tenant_id
            and usage.charge_date = users.charge_date
            and usage.team_id = users.team_id
            and usage.billing_currency = users.billing_currency
)

select * from unit_economics_daily
