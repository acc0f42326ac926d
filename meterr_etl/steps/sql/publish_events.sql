-- What a dead run left in a day that nobody sees is junk; rows of this run stay.
with junk as (
    delete from staging.token_events as e
    using ops.run_days as r
    where
        r.run_id = {run_id}
        and e.event_date = r.event_date
        and e.run_no <> {run_no}
        and r.event_date in ({days})
        and r.event_date not in (select d.event_date from ops.published_days as d)
),

moved as (
    delete from staging.token_events as e
    using {superseded} as s
    where
        e.event_date = s.event_date
        and e.event_key = s.event_key
        and e.source_id = s.source_id
    returning e.*
)

insert into staging.token_event_revisions
select m.*, {run_no} from moved as m
