select
    p.source,
    p.source_event_id,
    p.event_at,
    p.tenant_id,
    p.model,
    p.total_tokens,
    p.context_above_tokens,
    p.rate_ids,
    p.unpriced_token_types,
    p.effective_cost
from marts.token_events_priced as p
where
    p.charge_date = {day}
    and ({tenant_id}::text is null or p.tenant_id = {tenant_id})
    and ({model}::text is null or p.model = {model})
    and (
        {token_type}::text is null
        or {token_type} = any (p.unpriced_token_types)
        or exists (
            select
            from reference.rates as r
            where r.rate_id = any (p.rate_ids) and r.token_type = {token_type}
        )
    )
order by p.effective_cost desc nulls last, p.source_event_id
limit {limit}
