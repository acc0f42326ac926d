select c.relname
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
where i.inhparent = to_regclass({mart})
