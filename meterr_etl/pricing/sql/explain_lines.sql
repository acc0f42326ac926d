select
    f.tenant_id,
    f.provider,
    f.model,
    f.token_type,
    f.service_tier,
    f.processing_mode,
    f.consumed_quantity,
    f.list_unit_price,
    f.contracted_unit_price,
    f.contract_term,
    f.effective_cost,
    f.billing_currency,
    coalesce(u.reason, f.pricing_status) as pricing,
    f.rate_id,
    coalesce(
        r.catalogue || ' ' || r.catalogue_version,
        'charges ' || c.reference_version,
        'contract ' || k.reference_version
    ) as rate_source,
    r.valid_from,
    r.valid_to,
    r.reference_version as rate_since_version,
    d.reference_version as priced_at_version,
    d.run_id
from marts.fct_usage_cost_daily as f
inner join ops.published_days as d on f.charge_date = d.event_date
left join reference.rates as r on f.rate_id = r.rate_id
left join reference.charges as c
    on
        f.pricing_status = 'charged'
        and f.token_type <> 'volume_settlement'
        and f.tenant_id = c.tenant_id
        and c.reference_version <= d.reference_version
        and (c.retired_by is null or c.retired_by > d.reference_version)
left join reference.contracts as k
    on
        f.token_type = 'volume_settlement'
        and f.tenant_id = k.tenant_id
        and k.reference_version <= d.reference_version
        and (k.retired_by is null or k.retired_by > d.reference_version)
left join marts.unpriced_usage_daily as u
    on
        f.pricing_status = 'unpriced'
        and f.charge_date = u.charge_date
        and f.tenant_id = u.tenant_id
        and f.provider = u.provider
        and f.model = u.model
        and f.token_type = u.token_type
where
    f.charge_date = {day}
    and ({tenant_id}::text is null or f.tenant_id = {tenant_id})
    and ({model}::text is null or f.model = {model})
    and ({token_type}::text is null or f.token_type = {token_type})
order by f.effective_cost desc nulls last, f.tenant_id, f.model, f.token_type
limit {limit}
