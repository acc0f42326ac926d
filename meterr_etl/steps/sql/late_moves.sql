-- Since when members of one dimension belong elsewhere than the record says, per tenant: what this run
-- saw of members that are known, and no publishing run saw before.
with landed as (
    select
        e.{id_column} as entity_id,
        coalesce(e.{tenant_column}, 'unassigned') as tenant_id,
        case
            when pg_input_is_valid(e.{changed_column}, 'timestamptz')
                then e.{changed_column}::timestamptz
            else '-infinity'
        end as moved_at,
        to_jsonb(e) as content
    from {landing} as e
    where e.{id_column} is not null
),

news as (
    select l.*
    from landed as l
    where
        not exists (
            select from reference.source_dimensions as d
            where
                d.source = {source}
                and d.entity = {entity}
                and d.entity_id = l.entity_id
                and d.source_updated_at = l.moved_at
                and d.content_digest = md5(l.content::text)
        )
),

-- What the record says of that moment: its last sight before, or its first, which reaches back.
compared as (
    select
        n.tenant_id,
        n.content ->> {edge} as belongs_to,
        stood.belongs_to as stood_with,
        case when stood.source_updated_at <= n.moved_at then n.moved_at else '-infinity' end
            as moved_at
    from news as n
    cross join lateral (
        select d.source_updated_at, d.content ->> {edge} as belongs_to
        from reference.source_dimensions as d
        where d.source = {source} and d.entity = {entity} and d.entity_id = n.entity_id
        order by
            d.source_updated_at > n.moved_at,
            case when d.source_updated_at <= n.moved_at then d.source_updated_at end desc,
            d.source_updated_at,
            d.content_digest desc
        limit 1
    ) as stood
)

select c.tenant_id, min(c.moved_at) as moved_at
from compared as c
where c.belongs_to is distinct from c.stood_with
group by c.tenant_id
