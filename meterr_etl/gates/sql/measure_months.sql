-- One row: the months as they will stand against their days as they will stand.
select
    count(*) filter (where g.currency = '') as quantity_gaps,
    count(*) filter (where g.currency <> '') as cost_gaps,
    (
        select jsonb_agg(to_jsonb(r)) from (
            select * from gaps
            where currency = ''
            order by mart, billing_month, tenant_id limit 10
        ) as r
    ) as quantity_gap_rows,
    (
        select jsonb_agg(to_jsonb(r)) from (
            select * from gaps
            where currency <> ''
            order by mart, billing_month, tenant_id limit 10
        ) as r
    ) as cost_gap_rows,
    (select count(*) from affected) as affected_days,
    (
        select count(distinct m.billing_month) from monthly as m
        where m.billing_month not in (select a.billing_month from affected as a)
    ) as months_strange,
    (
        select coalesce(string_agg(distinct m.billing_month::text, ', '), 'none')
        from monthly as m
        where m.billing_month not in (select a.billing_month from affected as a)
    ) as months_strange_names
from gaps as g
