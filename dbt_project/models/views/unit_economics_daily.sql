with

teams as (
    select * from {{ ref('usage_by_team_daily') }}
),

users as (
    select * from {{ ref('usage_by_user_daily') }}
),

-- As rows of one set and not a join: the days and tenants that a reader asks for are found on both
-- sides by their indexes. A join would count the users of every day ever published.
measured as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        team_id,
        team_name,
        request_count,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        total_tokens,
        unpriced_tokens,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        0 as active_users,
        billing_currency
    from teams
    union all
    select
        charge_date,
        tenant_id,
        null as tenant_name,
        team_id,
        null as team_name,
        0 as request_count,
        0 as input_tokens,
        0 as output_tokens,
        0 as cache_read_tokens,
        0 as total_tokens,
        0 as unpriced_tokens,
        null as list_cost,
        null as contracted_cost,
        null as effective_cost,
        null as billed_cost,
        count(distinct user_id) filter (where request_count > 0) as active_users,
        billing_currency
    from users
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
        sum(active_users)::bigint as active_users,
        billing_currency
    from measured
    group by charge_date, tenant_id, team_id, billing_currency
),

unit_economics_daily as (
    select
        charge_date,
        tenant_id,
        tenant_name,
        team_id,
        team_name,
        request_count,
        total_tokens,
        unpriced_tokens,
        input_tokens,
        cache_read_tokens,
        active_users,
        effective_cost,
        effective_cost / nullif(request_count, 0) as cost_per_request,
        effective_cost * 1000 / nullif(total_tokens, 0) as cost_per_thousand_tokens,
        effective_cost / nullif(active_users, 0) as cost_per_active_user,
        cache_read_tokens / nullif(input_tokens, 0) as cache_hit_share,
        billing_currency
    from usage
)

select * from unit_economics_daily
