-- Members whose key no published event bears. Their fields are read from one landed row for each
-- key: taking them distinct from all rows would sort the whole read by six texts.
with unknown as (
    select b.{key}, any_value(b.event_key) as event_key
    from {batch} as b
    where
        b.{key} is not null
        and not exists (select from {known} as k where k.{key} = b.{key})
    group by b.{key}
)

insert into {table}
select distinct u.{key}, {values}
from unknown as u
inner join {mapped} as m
    on {event_key} = u.event_key and {key_value} = u.{key}
where {is_legal}
