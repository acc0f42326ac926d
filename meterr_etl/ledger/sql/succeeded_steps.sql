select step
from (
    select distinct on (step)
        step,
        status
    from ops.run_steps
    where run_id = %(run_id)s
    order by step, attempt desc
) as last_attempts
where status = 'succeeded'
