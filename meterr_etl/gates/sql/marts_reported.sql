-- What the source says its calls cost, against list price, over the kinds of call that are
-- wholly priced and wholly reported in the same currency.
with told as (
    select
        s.charge_date,
        k.provider,
        coalesce(c.model_id, k.model) as model,
        coalesce(k.region, 'unassigned') as region,
        coalesce(k.service_tier, 'default') as service_tier,
        k.processing_mode,
        min(k.reported_cost_currency) as currency,
        sum(s.reported_cost) as reported_cost
    from used_by_sku as s
    inner join {skus} as k on s.sku_key = k.sku_key
    inner join {sku_rate_keys} as c on s.sku_key = c.sku_key
    group by 1, 2, 3, 4, 5, 6
    having
        sum(s.reported_count) = sum(s.event_count)
        and count(distinct coalesce(k.reported_cost_currency, '')) = 1
)

select
    sum(t.reported_cost) as reported_cost,
    sum(l.list_cost) as comparable_list_cost
from told as t
inner join (
    select
        x.charge_date,
        x.provider,
        x.model,
        x.region,
        x.service_tier,
        x.processing_mode,
        min(x.billing_currency) as currency,
        sum(x.list_cost) as list_cost
    from lines as x
    group by 1, 2, 3, 4, 5, 6
    having
        not bool_or(x.pricing_status = 'unpriced')
        and min(x.billing_currency) = max(x.billing_currency)
) as l using (charge_date, provider, model, region, service_tier, processing_mode, currency)
