-- One day that its run has published, as the ledger notes it.
with publication as (
    insert into ops.publications (run_id) values (%(run_id)s) returning publication_no
),

day as (
    insert into ops.published_days (
        event_date, version, run_id, publication_no, reference_version, event_count,
        late_event_count
    )
    select
        %(day)s,
        1,
        %(run_id)s,
        p.publication_no,
        (select max(c.reference_version) from reference.changes as c),
        m.request_count,
        0
    from publication as p
    cross join (
        select coalesce(sum(request_count), 0) as request_count
        from marts.usage_by_model_daily
        where charge_date = %(day)s
    ) as m
    returning event_count
)

insert into ops.windows (
    source, window_start, window_end, run_id, publication_no, rows_read, dead_count
)
select r.source, r.window_start, r.window_end, r.run_id, p.publication_no, d.event_count, 0
from ops.runs as r
cross join publication as p
cross join day as d
where r.run_id = %(run_id)s
