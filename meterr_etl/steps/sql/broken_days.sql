-- Published days whose events, by the ledger and as they stand, are not those that a mart counts.
select d.event_date
from ops.published_days as d
left join (
    select
        m.{day} as charge_date,
        sum({requests}) as requests
    from {mart} as m
    where m.{day} between {first_day} and {last_day}
    group by m.{day}
) as m on d.event_date = m.charge_date
left join (
    select
        e.event_date,
        count(*) as events,
        sum(e.request_count) as requests
    from staging.token_events as e
    where e.event_date between {first_day} and {last_day}
    group by e.event_date
) as e on d.event_date = e.event_date
where
    d.event_date between {first_day} and {last_day}
    and (
        coalesce(e.requests, 0) <> coalesce(m.requests, 0)
        or coalesce(e.events, 0) <> d.event_count
    )
