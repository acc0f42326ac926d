-- The daily rows that the changed rows of a month are the sum of. A key that only gained new days
-- has its month's row stand for the days that stand: sums of sums are exact, and so tonight costs
-- the same on the first of a month as on its last.
select {columns}
from {published} as u
inner join {moved} as k on {day_is_moved}
where u.charge_date = any ({other_days})
union all
select {columns}
from {built} as u
left join {moved} as k on {day_is_moved}
where k.billing_month is not null or u.charge_date = any ({new_days})
union all
select {month_columns}
from {months} as m
where
    m.billing_month = any ({affected_months})
    and exists (
        select from {built} as u
        where u.charge_date = any ({new_days}) and {day_is_of_month}
    )
    and not exists (select from {moved} as k where {month_is_moved})
