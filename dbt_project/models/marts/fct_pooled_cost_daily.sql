with

pools as (
    select * from {{ source('run', 'allocation_pools') }}
),

-- Of a tenant without rules there is nothing to look for, and most tenants have none.
pooled_tenants as (
    select distinct tenant_id from pools
),

finer_tenants as (
    {{ finer_tenants(finer_pool_dimensions()) }}
),

lines as (
    select
        {{ pooled_columns(pool_dimensions(), distributed_costs(), dimensions_of_calls()) }},
        {%- for dimension in finer_pool_dimensions() %}
        null::text as {{ dimension }},
        {%- endfor %}
        null::jsonb as tags
    from {{ ref('fct_usage_cost_daily') }} as lines
    left join finer_tenants on lines.tenant_id = finer_tenants.tenant_id
    -- A charge has neither user nor key nor tag, and is a line of the cube alone.
    where finer_tenants.tenant_id is null or lines.pricing_status = 'charged'
    union all
    select
        {{ pooled_columns(pool_dimensions(), distributed_costs()) }},
        {%- for dimension in finer_pool_dimensions() %}
        lines.{{ dimension }},
        {%- endfor %}
        lines.tags
    from {{ ref('int_lines_by_tag') }} as lines
),

lines_in_pools as (
    select
        lines.*,
        coalesce(case
            when pooled_tenants.tenant_id is not null
                then (
                    select pools.pool
                    from pools
                    where
                        pools.tenant_id = lines.tenant_id
                        and pools.valid_from <= lines.charge_date
                        and (pools.valid_to is null or lines.charge_date < pools.valid_to)
                        {%- for dimension in pool_dimensions() + finer_pool_dimensions() %}
                        and (
                            pools.{{ dimension }} is null
                            or lines.{{ dimension }} = any(pools.{{ dimension }})
                        )
                        {%- endfor %}
                        and {{ has_tags('lines.tags', 'pools.tags') }}
                    order by pools.pool_order
                    limit 1
                )
        end, 'direct') as pool
    from lines
    left join pooled_tenants on lines.tenant_id = pooled_tenants.tenant_id
),

fct_pooled_cost_daily as (
    select
        charge_date,
        tenant_id,
        cost_center,
        team_id,
        project_id,
        pool,
        coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0)::bigint
            as request_count,
        coalesce(sum(consumed_quantity) filter (where {{ is_token('token_type') }}), 0)
            as total_tokens,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        billing_currency
    from lines_in_pools
    group by
        charge_date, tenant_id, cost_center, team_id, project_id, pool, billing_currency
)

select * from fct_pooled_cost_daily
