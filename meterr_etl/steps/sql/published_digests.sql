select
    e.event_date,
    count(*) || ' ' || sum(
        ('x' || left(
            md5(
                e.source_event_id || ' '
                || to_char(
                    coalesce(e.source_updated_at, e.event_at) at time zone 'UTC',
                    'YYYY-MM-DD HH24:MI:SS.US'
                )
            ), 15
        ))::bit(60)::bigint::numeric
    )
from staging.published_events as e
where
    e.source = {source}
    and e.event_date between {first_day} and {last_day}
    and coalesce(e.source_updated_at, e.event_at) < {until}
group by e.event_date
