with

tiers as (
    select * from {{ source('run', 'volume_tiers') }}
),

volumes as (
    select
        *,
        sum(volume) over (
            partition by charge_date, tenant_id, contract_term, billing_currency
        ) as total_volume
    from {{ ref('int_volumes') }}
),

differences as (
    select
        months.charge_date,
        months.tenant_id,
        months.contract_term,
        months.billing_currency,
        sum(
            {{ volume_in_tier('months.total_volume', 'tiers') }} * {{ value_difference('tiers') }}
        ) as difference
    from (
        select distinct
            charge_date,
            tenant_id,
            contract_term,
            billing_currency,
            total_volume
        from volumes
    ) as months
    inner join tiers
        on months.tenant_id = tiers.tenant_id and months.contract_term = tiers.contract_term
    group by
        months.charge_date, months.tenant_id, months.contract_term, months.billing_currency
),

-- Every owner's part by its volume, in whole quanta; what is finer goes to the first in line.
cut as (
    select
        volumes.*,
        differences.difference,
        mod(abs(differences.difference), {{ cost_quantum() }}) as finer,
        div(abs(differences.difference), {{ cost_quantum() }}) as quanta
    from volumes
    inner join differences
        using (charge_date, tenant_id, contract_term, billing_currency)
    where differences.difference <> 0
),

lined_up as (
    select
        *,
        div(quanta * volume, total_volume) as own_quanta,
        row_number() over (
            partition by charge_date, tenant_id, contract_term, billing_currency
            order by
                mod(quanta * volume, total_volume) desc,
                provider asc,
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
            partition by charge_date, tenant_id, contract_term, billing_currency
        ) as quanta_left
    from lined_up
),

int_volume_settlements as (
    select
        charge_date,
        tenant_id,
        contract_term,
        provider,
        team_id,
        project_id,
        cost_center,
        billing_currency,
        trim_scale(
            sign(difference) * (
                (own_quanta + (place <= quanta_left)::integer) * {{ cost_quantum() }}
                + case when place = 1 then finer else 0 end
            )
        ) as settled_cost
    from left_over
)

select * from int_volume_settlements
