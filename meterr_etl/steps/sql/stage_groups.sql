-- Every member of one kind that the landed rows name, with its verdict: one row for each way in
-- which the source spells it.
create unlogged table {table} as
select
    {same_names},
    {key} as {key_name},
    {is_legal} as is_legal,
    {typed}
from (
    select {same}, {carried}
    from {mapped} as m
    group by {same_names}
) as m
