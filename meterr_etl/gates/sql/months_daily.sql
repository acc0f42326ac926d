-- The days of the affected months as they will stand, per month, tenant and currency.
select
    date_trunc('month', s.charge_date::timestamp)::date as billing_month,
    s.tenant_id,
    s.billing_currency,
    sum(s.request_count) as request_count,
    sum(s.input_tokens) as input_tokens,
    sum(s.output_tokens) as output_tokens,
    sum(s.cache_read_tokens) as cache_read_tokens,
    sum(s.total_tokens) as total_tokens,
    sum(s.unpriced_tokens) as unpriced_tokens,
    sum(s.list_cost) as list_cost,
    sum(s.contracted_cost) as contracted_cost,
    sum(s.effective_cost) as effective_cost,
    sum(s.billed_cost) as billed_cost
from (
    select
        p.charge_date,
        p.tenant_id,
        p.billing_currency,
        p.request_count,
        p.input_tokens,
        p.output_tokens,
        p.cache_read_tokens,
        p.total_tokens,
        p.unpriced_tokens,
        p.list_cost,
        p.contracted_cost,
        p.effective_cost,
        p.billed_cost
    from {published_days} as p
    where
        p.charge_date >= (select min(a.billing_month) from affected as a)
        and p.charge_date < (select max(a.billing_month) from affected as a) + interval '1 month'
        and p.charge_date not in (select a.charge_date from affected as a)
    union all
    select
        b.charge_date,
        b.tenant_id,
        b.billing_currency,
        b.request_count,
        b.input_tokens,
        b.output_tokens,
        b.cache_read_tokens,
        b.total_tokens,
        b.unpriced_tokens,
        b.list_cost,
        b.contracted_cost,
        b.effective_cost,
        b.billed_cost
    from {built_days} as b
) as s
where
    date_trunc('month', s.charge_date::timestamp)::date
    in (select a.billing_month from affected as a)
group by 1, 2, 3
