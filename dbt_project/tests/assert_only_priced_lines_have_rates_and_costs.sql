-- Guards "unpriced, never free" (DESIGN §7.4): a rate, a price and a cost come together or not at
-- all, and a line without them says why. A dated charge has a price and no rate.
select *
from {{ ref('fct_usage_cost_daily') }}
where
    (pricing_status = 'priced') <> (rate_id is not null)
    or (pricing_status in ('priced', 'charged')) <> (list_unit_price is not null)
    or (pricing_status in ('priced', 'charged')) <> (list_cost is not null)
    or (pricing_status in ('priced', 'charged')) <> (contracted_unit_price is not null)
    or (contract_term is not null and pricing_status <> 'priced')
    or list_cost < 0
    or (contracted_cost < 0 and token_type <> 'volume_settlement')
    or consumed_quantity < 0
