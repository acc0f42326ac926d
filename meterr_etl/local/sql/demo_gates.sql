select
    (r.window_start at time zone 'UTC')::date as night,
    g.gate,
    count(*) filter (where g.outcome = 'passed') as passed,
    count(*) filter (where g.outcome = 'failed' and g.severity = 'warning') as warnings,
    count(*) filter (where g.outcome = 'failed' and g.severity = 'error') as errors,
    count(*) filter (where g.outcome = 'not judged') as not_judged
from ops.gate_verdicts as g
inner join ops.runs as r on g.run_id = r.run_id
where
    r.run_no in (select max(l.run_no) from ops.runs as l group by l.source, l.window_start)
    and (r.window_start at time zone 'UTC')::date = any(%(nights)s)
group by r.window_start, g.gate
order by r.window_start, min(g.judged_at)
