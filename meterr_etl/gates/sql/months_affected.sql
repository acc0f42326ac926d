-- The affected days and the months that they are of.
select
    d.event_date as charge_date,
    date_trunc('month', d.event_date::timestamp)::date as billing_month
from ops.run_days as d
where d.run_id = {run_id}
