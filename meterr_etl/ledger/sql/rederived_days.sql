select
    d.event_date,
    d.cause,
    r.source,
    r.kind,
    r.run_id,
    d.base_version + 1 as version,
    p.published_at
from ops.publications as p
inner join ops.runs as r on p.run_id = r.run_id
inner join ops.run_days as d on p.run_id = d.run_id
where d.base_version > 0
order by p.publication_no desc, d.event_date desc
limit %(limit)s
