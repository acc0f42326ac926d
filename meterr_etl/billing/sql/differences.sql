-- What the days of a closed period cost now beside what was billed of them: by the period itself,
-- by corrections of periods closed since, and still to be corrected.
with billed as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        sum(billed_cost) filter (where billing_month = {month}) as billed_cost,
        sum(billed_cost) filter (where billing_month > {month}) as corrected_cost,
        array[
            coalesce(sum(consumed_quantity), 0),
            coalesce(sum(list_cost), 0),
            coalesce(sum(contracted_cost), 0),
            coalesce(sum(effective_cost), 0),
            coalesce(sum(billed_cost), 0)
        ] as measures
    from marts.billed_lines
    where charge_date >= {month} and charge_date < {next_month}
    group by charge_date, tenant_id, billing_currency
),

derived as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        sum(billed_cost) as current_cost,
        array[
            coalesce(sum(consumed_quantity), 0),
            coalesce(sum(list_cost), 0),
            coalesce(sum(contracted_cost), 0),
            coalesce(sum(effective_cost), 0),
            coalesce(sum(billed_cost), 0)
        ] as measures
    from marts.fct_usage_cost_daily
    where charge_date >= {month} and charge_date < {next_month}
    group by charge_date, tenant_id, billing_currency
),

versions as (
    select
        charge_date,
        max(version) as version
    from ops.billed_days
    group by charge_date
),

compared as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        coalesce(b.billed_cost, 0) as billed_cost,
        coalesce(b.corrected_cost, 0) as corrected_cost,
        coalesce(d.current_cost, 0)
        - coalesce(b.billed_cost, 0) - coalesce(b.corrected_cost, 0) as open_correction,
        coalesce(d.current_cost, 0) as current_cost,
        -- A side without a row says what zeros say: corrected to nothing is corrected.
        coalesce(b.measures, array[0, 0, 0, 0, 0])
        <> coalesce(d.measures, array[0, 0, 0, 0, 0]) as is_open
    from billed as b
    full join derived as d using (charge_date, tenant_id, billing_currency)
)

select
    c.charge_date,
    c.tenant_id,
    c.billing_currency,
    c.billed_cost,
    c.corrected_cost,
    c.open_correction,
    c.current_cost,
    not c.is_open or p.version > coalesce(v.version, 0) as is_explained
from compared as c
left join ops.published_days as p on c.charge_date = p.event_date
left join versions as v on c.charge_date = v.charge_date
where c.is_open or c.corrected_cost <> 0
order by c.charge_date, c.tenant_id, c.billing_currency
