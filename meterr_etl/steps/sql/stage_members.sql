-- Members of staged rows whose key no published event bears. One that the source spells in two
-- ways is one member; two that share a key violate it.
insert into {table}
select distinct g.{key}, {fields}
from {groups} as g
where
    g.is_legal
    and g.{key} is not null
    and not exists (select from {known} as k where k.{key} = g.{key})
    and exists (select from {batch} as b where b.{key} = g.{key})
