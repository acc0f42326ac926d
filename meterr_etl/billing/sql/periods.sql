select
    v.billing_month,
    case when v.is_closed then 'closed' else 'open' end as state,
    v.closed_at,
    p.closed_by,
    p.line_count,
    case
        when v.is_closed
            then
                (
                    select coalesce(sum(t.line_count), 0)::bigint from marts.billed_totals as t
                    where t.billing_month = v.billing_month and t.charge_class = 'Correction'
                )
        else (select count(*) from marts.billing_corrections)
    end as correction_count,
    p.certificate
from marts.billing_periods as v
left join ops.closed_periods as p on v.billing_month = p.billing_month
order by v.billing_month
