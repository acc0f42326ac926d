-- Days that another run published after this one had built them: the publish sees that too, and
-- rebuilds and judges them anew, so here they are compared with nothing.
select r.event_date
from ops.run_days as r
left join ops.published_days as d on r.event_date = d.event_date
where r.run_id = {run_id} and coalesce(d.version, 0) <> r.base_version
