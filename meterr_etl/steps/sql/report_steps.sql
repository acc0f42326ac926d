select
    s.step,
    s.attempt,
    s.status,
    s.metrics,
    s.error,
    extract(epoch from s.started_at - r.started_at)::double precision as started_after_s,
    extract(epoch from coalesce(s.finished_at, clock_timestamp()) - s.started_at)::double precision
        as seconds
from ops.run_steps as s
inner join ops.runs as r on s.run_id = r.run_id
where s.run_id = %(run_id)s
order by s.started_at, s.step, s.attempt
