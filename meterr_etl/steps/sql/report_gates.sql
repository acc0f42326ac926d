select
    v.gate,
    v.expectation,
    v.severity,
    v.outcome,
    v.message,
    v.sample
from ops.gate_verdicts as v
where v.run_id = %(run_id)s
order by
    array_position(array['landing', 'staging', 'marts', 'months'], v.gate),
    v.outcome = 'passed',
    v.outcome = 'not judged',
    v.severity,
    v.expectation
