-- What of the months is summed up anew: the keys whose rows of a standing day change. Rows are
-- compared as text, since 1.0 and 1.00 are equal and print differently. The damage that a repair
-- mends leaves nothing to compare with, so it sums up every key of its month.
create unlogged table {moved} as
with published as (
    select
        date_trunc('month', u.charge_date::timestamp)::date as billing_month,
        {key},
        row({columns})::text as content
    from {published} as u
    where u.charge_date = any ({standing_days})
),

built as (
    select
        date_trunc('month', u.charge_date::timestamp)::date as billing_month,
        {key},
        row({columns})::text as content
    from {built} as u
    where u.charge_date = any ({standing_days})
)

select distinct
    c.billing_month,
    {changed_key}
from (
    (select * from published except all select * from built)
    union all
    (select * from built except all select * from published)
) as c
union
select
    m.billing_month,
    {month_key}
from {months} as m
where m.billing_month = any ({repaired_months})
