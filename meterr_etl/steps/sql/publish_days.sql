insert into ops.published_days as d (
    event_date, version, run_id, publication_no, reference_version, event_count, late_event_count
)
select
    r.event_date,
    r.base_version + 1,
    {run_id},
    {publication_no},
    {reference_version},
    coalesce(c.event_count, 0),
    coalesce(c.late_event_count, 0)
from ops.run_days as r
left join (
    select
        e.event_date,
        count(*) as event_count,
        count(*) filter (
            where (e.source_updated_at at time zone 'UTC')::date > e.event_date
        ) as late_event_count
    from staging.token_events as e
    where e.event_date in ({days})
    group by e.event_date
) as c on r.event_date = c.event_date
where r.run_id = {run_id}
on conflict (event_date) do update set
    version = excluded.version,
    run_id = excluded.run_id,
    publication_no = excluded.publication_no,
    reference_version = excluded.reference_version,
    event_count = excluded.event_count,
    late_event_count = excluded.late_event_count,
    published_at = clock_timestamp()
