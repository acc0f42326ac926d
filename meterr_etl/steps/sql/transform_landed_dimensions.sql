create temporary table landed_dimensions (
    entity text,
    source text,
    entity_id text,
    tenant_id text,
    source_updated_at timestamptz,
    content_digest text,
    content jsonb
) on commit drop;
grant select on pg_temp.landed_dimensions to meterr_transformer
