{%- set tenant = ['tenant_id', 'billing_currency'] -%}
{%- set cost = 'coalesce(former.effective_cost, 0)' -%}
with

published_days as (
    select event_date from {{ source('ops', 'published_days') }}
),

usage as (
    select * from {{ ref('usage_by_tenant_daily') }}
),

by_model as (
    select * from {{ ref('usage_by_model_daily') }}
),

compared as (
    select
        usage.*,
        usual.days_compared,
        usual.usual_cost,
        usage.effective_cost - usual.usual_cost as cost_difference
    from usage
    cross join lateral {{ over_same_weekdays('usage', 'usage', tenant,
        'count(*) as days_compared, ' ~ median(cost) ~ ' as usual_cost') }} as usual
),

judged as (
    select
        compared.*,
        compared.days_compared >= {{ fewest_weeks() }} and compared.effective_cost is not null
            as is_judged,
        -- 1.4826 median deviations are one standard deviation of a normal spread; a tenant whose
        -- days cost the same to the cent would else be alarmed by a cent.
        greatest(3 * 1.4826 * spread.usual_deviation, 0.2 * compared.usual_cost)
            as tolerated_difference
    from compared
    cross join lateral {{ over_same_weekdays('compared', 'usage', tenant,
        median('abs(' ~ cost ~ ' - compared.usual_cost)') ~ ' as usual_deviation') }} as spread
),

anomalies as (
    select *
    from judged
    where is_judged and abs(cost_difference) > tolerated_difference
),

model_differences as (
    select
        by_model.*,
        by_model.effective_cost - coalesce(usual.usual_cost, 0) as cost_difference,
        row_number() over (
            partition by by_model.charge_date, by_model.tenant_id, by_model.billing_currency
            order by
                abs(by_model.effective_cost - coalesce(usual.usual_cost, 0)) desc nulls last,
                by_model.provider asc,
                by_model.model asc
        ) as place
    from anomalies
    inner join by_model using (tenant_id, charge_date, billing_currency)
    cross join lateral {{ over_same_weekdays('by_model', 'by_model',
        tenant + ['provider', 'model'], median(cost) ~ ' as usual_cost') }} as usual
),

drivers as (
    select
        charge_date,
        tenant_id,
        billing_currency,
        jsonb_agg(
            jsonb_build_object(
                'provider', provider, 'model', model, 'cost_difference', cost_difference
            ) order by place
        ) as drivers
    from model_differences
    where place <= 3 and cost_difference <> 0
    group by charge_date, tenant_id, billing_currency
),

cost_anomalies_daily as (
    select
        judged.charge_date,
        judged.tenant_id,
        judged.tenant_name,
        judged.effective_cost,
        judged.usual_cost,
        judged.cost_difference,
        judged.tolerated_difference,
        judged.days_compared,
        judged.is_judged,
        case
            when judged.is_judged
                then abs(judged.cost_difference) > judged.tolerated_difference
        end as is_anomaly,
        drivers.drivers,
        judged.unpriced_tokens / nullif(judged.total_tokens, 0) as unpriced_share,
        judged.billing_currency
    from judged
    left join drivers
        on
            judged.charge_date = drivers.charge_date
            and judged.tenant_id = drivers.tenant_id
            and judged.billing_currency = drivers.billing_currency
)

select * from cost_anomalies_daily
