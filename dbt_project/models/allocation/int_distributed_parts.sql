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

-- In whole quanta; what is finer than a quantum goes to the first in line.
cut as (
    select
        shares.*,
        amounts.measure,
        amounts.amount,
        div(abs(amounts.amount), {{ cost_quantum() }}) as quanta,
        mod(abs(amounts.amount), {{ cost_quantum() }}) as finer
    from amounts
    inner join shares
        on
            amounts.charge_date = shares.charge_date
            and amounts.tenant_id = shares.tenant_id
            and amounts.billing_currency = shares.billing_currency
            and amounts.pool = shares.pool
),

lined_up as (
    select
        *,
        div(quanta * share_numerator, share_denominator) as own_quanta,
        row_number() over (
            partition by charge_date, tenant_id, billing_currency, pool, measure
            order by
                mod(quanta * share_numerator, share_denominator) desc,
                allocation_status asc,
                cost_center asc,
                team_id asc,
                project_id asc
        ) as place
    from cut
),

left_over as (
    select
        *,
        quanta - sum(own_quanta) over (
            partition by charge_date, tenant_id, billing_currency, pool, measure
        ) as quanta_left
    from lined_up
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
        trim_scale(
            sign(amount) * (
                (own_quanta + (place <= quanta_left)::integer) * {{ cost_quantum() }}
                + case when place = 1 then finer else 0 end
            )
        ) as part
    from left_over
)

select * from int_distributed_parts
