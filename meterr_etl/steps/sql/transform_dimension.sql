-- One of the source's dimensions as it stands now: the latest of what publishing runs saw and
-- what this run landed. A table, since every mart joins it and views have no statistics.
create unlogged table {dimension} as
with seen as (
    select d.source, d.entity_id, d.tenant_id, d.source_updated_at, d.content_digest, d.content
    from reference.source_dimensions as d
    where d.entity = {entity}
    union all
    select d.source, d.entity_id, d.tenant_id, d.source_updated_at, d.content_digest, d.content
    from pg_temp.landed_dimensions as d
    where d.entity = {entity}
),

latest as (
    select distinct on (s.source, s.entity_id) s.*
    from seen as s
    order by s.source, s.entity_id, s.source_updated_at desc, s.content_digest desc
)

-- Two sources may know one id: a second row would double every cost that joins it.
select distinct on (l.tenant_id, l.entity_id) {columns}
from latest as l
order by l.tenant_id, l.entity_id, l.source_updated_at desc, l.content_digest desc;

analyze {dimension}
