-- The columns of a published mart as the server names their types; none where it does not exist.
select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
from pg_attribute as a
inner join pg_class as c on a.attrelid = c.oid
where c.oid = to_regclass({table}) and c.relkind <> 'v' and a.attnum > 0 and not a.attisdropped
order by a.attnum
