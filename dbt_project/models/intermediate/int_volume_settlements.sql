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

-- Every owner's part by its volume.
owned as (
    select
        volumes.*,
        differences.difference
    from volumes
    inner join differences
        using (charge_date, tenant_id, contract_term, billing_currency)
    where differences.difference <> 0
),

parts as (
    {{ handed_out(
        'owned',
        'difference',
        'volume',
        'total_volume',
        'charge_date, tenant_id, contract_term, billing_currency',
        'provider asc, cost_center asc, team_id asc, project_id asc'
    ) }}
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
        part as settled_cost
    from parts
)

select * from int_volume_settlements
