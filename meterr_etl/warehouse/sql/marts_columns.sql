-- The columns of a published mart as the server names their types; none where it does not exist.
select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
from pg_attribute as a
where a.attrelid = to_regclass({table}) and a.attnum > 0 and not a.attisdropped
order by a.attnum
