-- Runs at the source, of any PostgreSQL version: rows that stand alone, no order, 15 hex digits.
select
    r.event_date,
    count(*) || ' ' || sum(
        ('x' || left(
            md5(
                r.id || ' '
                || to_char(r.arrived_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
            ), 15
        ))::bit(60)::bigint::numeric
    )
from (
    select distinct
        u.{id}::text as id,
        {arrived} as arrived_at,
        (({happened}) at time zone 'UTC')::date as event_date
    from {table} as u
    where {happened} >= {since} and {happened} < {until} and {arrived} < {until}
) as r
group by r.event_date
