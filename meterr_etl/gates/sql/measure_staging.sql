-- One row: the batch, its dead letters and its members against the verdicts of the run.
with batch as (
    select
        coalesce(sum(c.row_count), 0)::bigint as batch_rows,
        coalesce(sum(c.negative_rows), 0)::bigint as negative_rows,
        coalesce(max(c.largest_quantity), 0) as largest_quantity,
        coalesce(sum(c.misdated_rows), 0)::bigint as misdated_rows
    from cells as c
),

-- A batch is of one source.
repeated as (
    select coalesce(sum(i.row_count - 1), 0)::bigint as repeated_ids
    from (
        select count(*) as row_count
        from {batch} as b
        group by b.event_key
    ) as i
),

owners as (
    select * from staging.owners
    union all
    select * from {batch_owners}
),

unresolvable as (
    select
        (
            select count(distinct c.owner_key) from cells as c
            where not exists (
                select from owners as o
                where o.owner_key = c.owner_key
            )
        ) as unresolvable_owners,
        (
            select count(distinct c.sku_key) from cells as c
            where
                not exists (
                    select from staging.skus as k
                    where k.sku_key = c.sku_key
                )
                and not exists (
                    select from {batch_skus} as k
                    where k.sku_key = c.sku_key
                )
        ) as unresolvable_skus
),

unknown_named as (
    select
        count(*) as unknown_owners,
        coalesce(
            string_agg(
                u.entity || ' ' || left(u.entity_id, 80) || ' (' || u.row_count || ' events)', ', '
                order by u.rank_no
            )
            filter (where u.rank_no <= 5),
            'none'
        ) as unknown_owner_names,
        jsonb_agg(
            jsonb_build_object(
                'entity', u.entity, 'id', left(u.entity_id, 100), 'events', u.row_count
            )
            order by u.rank_no
        ) filter (where u.rank_no <= 10) as unknown_owner_rows
    from (
        select
            n.*,
            row_number() over (order by n.row_count desc, n.entity, n.entity_id) as rank_no
        from unknown as n
    ) as u
),

dead as (
    select
        count(*) as dead_letters,
        -- A row without a readable time is read in every window; once published with a window, it
        -- has been seen and let pass.
        count(*) filter (
            where not exists (
                select from staging.dead_letters as b
                inner join ops.windows as w on b.run_id = w.run_id
                where
                    b.source = d.source
                    and b.source_event_id = d.source_event_id
                    and b.run_id <> d.run_id
                    and b.reasons = d.reasons
            )
        ) as first_dead_letters
    from staging.dead_letters as d
    where d.run_id = {run_id}
),

dead_reasons as (
    select
        coalesce(
            string_agg(
                r.reason || ' (' || r.row_count || ')', ', ' order by r.row_count desc, r.reason
            ),
            'none'
        ) as dead_letter_reasons
    from (
        select
            u.reason,
            count(*) as row_count
        from staging.dead_letters as d
        cross join unnest(d.reasons) as u (reason)
        where d.run_id = {run_id}
        group by u.reason
    ) as r
),

verdicts as (
    select
        coalesce(sum(v.row_count), 0)::bigint as verdict_rows,
        coalesce(sum(v.row_count) filter (where v.verdict in ('new', 'revision')), 0)::bigint
            as staged_verdicts,
        coalesce(sum(v.row_count) filter (where v.verdict = 'revision'), 0)::bigint
            as revision_verdicts,
        coalesce(sum(v.row_count) filter (where v.verdict = 'dead'), 0)::bigint as dead_verdicts
    from ops.run_verdicts as v
    where v.run_id = {run_id}
),

superseded as (
    -- What a repair removes because its source has it no more is replaced by no row; of any other
    -- run each superseded event must be.
    select count(*) as superseded_rows
    from {superseded} as s
    where
        exists (
            select from {batch} as b
            where b.event_key = s.event_key and b.source_id = s.source_id
        )
        or (select r.kind from ops.runs as r where r.run_id = {run_id}) <> 'repair'
),

history as (
    select
        w.run_id,
        w.rows_read
    from ops.windows as w
    where
        w.source = {source}
        and w.window_end <= {window_start}::timestamptz
        and w.window_end - w.window_start = {window_end}::timestamptz - {window_start}::timestamptz
    order by w.window_start desc
    limit {max_history}
),

usual as (
    select
        count(*) as windows_compared,
        coalesce(percentile_cont(0.5) within group (
            order by coalesce(v.row_count, 0) / greatest(h.rows_read, 1)::double precision
        ), 0) as usual_share
    from history as h
    left join ops.run_verdicts as v on h.run_id = v.run_id and v.verdict = 'revision'
),

shares as (
    select
        u.windows_compared,
        u.usual_share,
        v.revision_verdicts / greatest({rows_read}, 1)::double precision as revision_share
    from usual as u
    cross join verdicts as v
)

select
    {rows_read}::bigint as rows_read,
    v.*,
    abs(v.verdict_rows - {rows_read}) as verdicts_off,
    b.*,
    abs(b.batch_rows - v.staged_verdicts) as batch_off,
    d.dead_letters,
    d.first_dead_letters,
    abs(d.dead_letters - v.dead_verdicts) as dead_letters_off,
    r.dead_letter_reasons,
    s.superseded_rows,
    abs(s.superseded_rows - v.revision_verdicts) as superseded_off,
    i.repeated_ids,
    x.*,
    case when cardinality({entities}::text[]) > 0 then n.unknown_owners end as unknown_owners,
    n.unknown_owner_names,
    n.unknown_owner_rows,
    h.windows_compared,
    h.usual_share,
    h.revision_share,
    case
        when h.windows_compared >= {min_history}
            then h.revision_share / greatest(h.usual_share, 0.01)
    end as revision_ratio
from verdicts as v
cross join batch as b
cross join dead as d
cross join dead_reasons as r
cross join superseded as s
cross join repeated as i
cross join unresolvable as x
cross join unknown_named as n
cross join shares as h
