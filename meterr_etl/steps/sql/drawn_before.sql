-- What a commitment has paid of the months that are settled before a day: as their usage stands, so
-- that it is known too where they were published before the commitment was.
select least({amount}, coalesce(sum(f.contracted_cost), 0)) as drawn_before
from marts.fct_usage_cost_daily as f
where
    f.tenant_id = {tenant_id}
    and f.provider = {provider}
    and f.billing_currency = {currency}
    and (f.pricing_status = 'priced' or f.token_type = 'volume_settlement')
    -- Spelled out, since only literals prune partitions while planning.
    and f.charge_date >= {valid_from}::date
    and f.charge_date < {month}::date
    and (date_trunc('month', f.charge_date::timestamp) + interval '1 month - 1 day')::date in (
        select d.event_date from ops.published_days as d
        where d.event_date < {month}::date
    )
