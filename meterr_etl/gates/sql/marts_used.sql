-- What was used per day, tenant and token type, told by the events.
select
    s.charge_date,
    s.tenant_id,
    v.token_type,
    sum(v.quantity) as quantity
from used_by_sku as s
cross join
    lateral (
        values
        ('uncached_input', s.uncached_input),
        ('cache_read', s.cache_read),
        ('cache_write', s.cache_write),
        ('cache_write_5m', s.cache_write_5m),
        ('cache_write_1h', s.cache_write_1h),
        ('input_audio', s.input_audio),
        ('output', s.output),
        ('reasoning', s.reasoning),
        ('output_audio', s.output_audio),
        ('web_search', s.web_search),
        ('request', s.request)
    ) as v (token_type, quantity)
where v.quantity <> 0
group by 1, 2, 3
union all
-- Costs a second look at the events only where one of them bears an extra unit.
select
    e.event_date,
    coalesce(o.tenant_id, 'unassigned'),
    u.token_type,
    sum(u.quantity::numeric)
from {events} as e
left join {skus} as k on e.sku_key = k.sku_key
left join {owners} as o on e.owner_key = o.owner_key
cross join lateral jsonb_each_text(e.extra_units) as u (token_type, quantity)
where
    (select sum(s.extra_count) from used_by_sku as s) > 0
    and e.extra_units is not null
    and k.accounting_role is distinct from 'rollup'
group by 1, 2, 3
