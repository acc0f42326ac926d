-- Members whose key no published event bears. Their fields are read from one landed row for each
-- key: taking them distinct from all rows would sort the whole read by six texts.
with unknown as (
    select b.{key}, any_value(b.event_key) as event_key
    from {batch} as b
    where
        b.{key} is not null
        and not exists (select from {known} as k where k.{key} = b.{key})
    group by b.{key}
),

-- Materialized, so that keys and legality are computed for these few rows and not for all landed.
picked as materialized (
    select u.{key} as unknown_key, l.*
    from unknown as u
    inner join (select m.*, {event_key} as landed_event_key from {mapped} as m) as l
        on l.landed_event_key = u.event_key
)

insert into {table}
select distinct m.unknown_key, {values}
from picked as m
where {key_value} = m.unknown_key and {is_legal}
