-- Of the rows of one read that bear the same id, the greatest (source_updated_at, content) stands.
with repeated as (
    select b.event_key
    from {batch} as b
    group by b.event_key
    having count(*) > 1
),

ranked as (
    select
        b.tableoid as part,
        b.ctid as place,
        row_number() over same_id as rank_no,
        row({content})::text = first_value(row({content})::text) over same_id as is_same_content
    from {batch} as b
    where b.event_key in (select r.event_key from repeated as r)
    window same_id as (
        partition by b.event_key
        order by
            coalesce(b.source_updated_at, b.event_at) desc, (row({content})::text) collate "C" desc
    )
),

removed as (
    delete from {batch} as b
    using ranked as k
    where b.tableoid = k.part and b.ctid = k.place and k.rank_no > 1
    returning k.is_same_content
)

select
    count(*) filter (where is_same_content) as unchanged,
    count(*) filter (where not is_same_content) as superseded
from removed
