select count(*)
from ops.run_days as r
left join ops.published_days as d on r.event_date = d.event_date
where r.run_id = {run_id} and coalesce(d.version, 0) <> r.base_version
