-- What of a closed period is not as it was certified: one row each, with both values as text.
with certified as (
    select *
    from ops.closed_periods
    where billing_month = {month}
),

days as (
    select *
    from ops.billed_days
    where billing_month = {month}
),

lines as ({line_digests}),

totals as ({line_totals}),

kept_totals as (
    select *
    from marts.billed_totals
    where billing_month = {month}
)

select
    'lines of ' || charge_date as what,
    concat_ws(' lines, digest ', d.line_count, d.lines_digest) as certified,
    concat_ws(' lines, digest ', l.line_count, l.lines_digest) as found
from days as d
full join lines as l using (charge_date)
where
    (d.line_count, d.lines_digest)
    is distinct from (
        coalesce(l.line_count, 0), coalesce(l.lines_digest, encode(sha256(''), 'hex'))
    )
union all
select
    'days',
    p.lines_digest,
    f.digest
from certified as p
cross join (select {days_digest} as digest) as f
where p.lines_digest <> f.digest
union all
select
    'number of lines',
    p.line_count::text,
    f.line_count::text
from certified as p
cross join (select coalesce(sum(l.line_count), 0) as line_count from lines as l) as f
where p.line_count <> f.line_count
union all
select
    'certificate',
    p.certificate,
    {certificate}
from certified as p
where p.certificate <> {certificate}
union all
select
    'certificate of the period before',
    p.previous_certificate,
    b.certificate
from certified as p
left join lateral (
    select o.certificate from ops.closed_periods as o
    where o.billing_month < p.billing_month
    order by o.billing_month desc
    limit 1
) as b on true
where p.previous_certificate is distinct from b.certificate
union all
select
    'totals of ' || coalesce(k.tenant_id, t.tenant_id),
    k::text,
    t::text
from kept_totals as k
full join totals as t
    using (tenant_id, charge_month, cost_center, team_id, billing_currency)
where
    (k.line_count, k.request_count, k.list_cost, k.contracted_cost, k.effective_cost, k.billed_cost)
    is distinct from
    (t.line_count, t.request_count, t.list_cost, t.contracted_cost, t.effective_cost, t.billed_cost)
order by 1
