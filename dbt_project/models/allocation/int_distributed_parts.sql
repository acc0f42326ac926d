with

pooled as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        pool,
        {{ distributed_costs() | join(', ') }}
    from {{ ref('fct_pooled_cost_daily') }}
    where pool <> 'direct'
    union all
    select
        charge_date,
        tenant_id,
        billing_currency,
        pool,
        {{ distributed_costs() | join(', ') }}
    from {{ ref('int_held_costs') }}
),

shares as (
    select * from {{ source('run', 'allocation_shares') }}
),

amounts as (
    select
        pooled.charge_date,
        pooled.tenant_id,
        pooled.billing_currency,
        pooled.pool,
        cost.measure,
        sum(cost.amount) as amount
    from pooled
    cross join
        lateral (
            values
            {%- for cost in distributed_costs() %}
            ('{{ cost }}', pooled.{{ cost }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as cost (measure, amount)
    group by
        pooled.charge_date,
        pooled.tenant_id,
        pooled.billing_currency,
        pooled.pool,
        cost.measure
),

shared_amounts as (
    select
        shares.*,
        amounts.measure,
        amounts.amount
    from amounts
    inner join shares
        on
            amounts.charge_date = shares.charge_date
            and amounts.tenant_id = shares.tenant_id
            and amounts.billing_currency = shares.billing_currency
            and amounts.pool = shares.pool
),

parts as (
    {{ handed_out(
        'shared_amounts',
        'amount',
        'share_numerator',
        'share_denominator',
        'charge_date, tenant_id, billing_currency, pool, measure',
        'allocation_status asc, cost_center asc, team_id asc, project_id asc'
    ) }}
),

int_distributed_parts as (
    select
        charge_date,
        tenant_id,
        cost_center,
        team_id,
        project_id,
        pool,
        allocation_status,
        rule_version,
        share_numerator,
        share_denominator,
        billing_currency,
        measure,
        part
    from parts
)

select * from int_distributed_parts
