-- Ids of this run that another run published after this one had looked for them:
-- its revised ids in days published since, and the others' revised ids among its own.
with mine as (
    select b.source_id, b.event_key, b.source_updated_at <> b.event_at as is_marked
    from {batch} as b
    union all
    select e.source_id, e.event_key, e.source_updated_at <> e.event_at
    from staging.token_events as e
    where e.event_date in ({hidden_days}) and e.run_no = {run_no}
)

select
    exists (
        select
        from mine as m
        inner join staging.token_events as e
            on m.event_key = e.event_key and m.source_id = e.source_id
        inner join ops.published_days as d on e.event_date = d.event_date
        where
            m.is_marked
            and d.publication_no > {base}
            and d.event_date not in (
                select r.event_date from ops.run_days as r where r.run_id = {run_id}
            )
    )
    or exists (
        select
        from staging.marked_ids as i
        inner join mine as m on i.event_key = m.event_key and i.source_id = m.source_id
        where i.publication_no > {base}
    )
