select
    g.run_id,
    g.gate,
    g.expectation,
    g.severity,
    g.outcome,
    g.observed,
    g.expected,
    g.message
from ops.gate_verdicts as g
inner join ops.runs as r on g.run_id = r.run_id
where g.run_id = any(%(run_ids)s) and (not %(only_notable)s or g.outcome <> 'passed')
order by
    r.run_no desc,
    array_position(array['failed', 'not judged', 'passed'], g.outcome),
    g.judged_at,
    g.expectation
