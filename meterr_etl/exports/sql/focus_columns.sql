select
    attname as name,
    format_type(atttypid, null) as type
from pg_attribute
where attrelid = 'marts.focus_cost_and_usage'::regclass and attnum > 0 and not attisdropped
order by attnum
