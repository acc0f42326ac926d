-- What dbt reads as source `run`. Unlogged: a server that crashed before the publish leaves
-- affected_days empty, like every table that dbt built beside it.
create unlogged table {schema}.affected_days as
select r.event_date from ops.run_days as r where r.run_id = {run_id};

create view {schema}.stored_events as
select {columns}
from staging.token_events as e
where
    -- Spelled out, since only literals prune partitions while planning.
    e.event_date = any ({published_days}::date[])
    and {is_standing}
union all
select {columns} from {batch} as e;

-- What was new to the batch may have been published by another run since it was staged.
create view {schema}.known_owners as
select m.* from staging.owners as m
union all
select m.* from {batch_owners} as m
where not exists (select from staging.owners as known where known.owner_key = m.owner_key);

create view {schema}.skus as
select m.* from staging.skus as m
union all
select m.* from {batch_skus} as m
where not exists (select from staging.skus as known where known.sku_key = m.sku_key);

create view {schema}.tag_sets as
select m.* from staging.tag_sets as m
union all
select m.* from {batch_tag_sets} as m
where not exists (select from staging.tag_sets as known where known.tag_key = m.tag_key);

create view {schema}.rates as
select
    r.rate_id,
    r.catalogue,
    r.catalogue_version,
    r.provider_id,
    r.model_id,
    r.token_type,
    r.processing_mode,
    r.service_tier,
    r.context_above_tokens,
    r.time_of_day_from,
    r.valid_from,
    r.valid_to,
    r.unit_price,
    r.token_type = any ({per_token}) as is_per_token,
    r.currency,
    r.reference_version
from reference.rates as r
where
    r.reference_version <= {rates_version}
    and (r.retired_by is null or r.retired_by > {rates_version});

-- What a unit that no column holds is charged as where it has no rate of its own.
create view {schema}.unit_bases as
select * from (values {unit_bases}) as u (token_type, base);

analyze {schema}.affected_days
