-- Guards the publish, which replaces exactly the affected days (DESIGN §3): a row of another day
-- would be published beside what stands there, and count twice.
{%- set marts = [
    ref('fct_usage_cost_daily'),
    ref('fct_usage_by_owner_daily'),
    ref('fct_sku_rates_daily'),
    ref('fct_contract_rates_daily'),
    ref('usage_by_hour'),
] %}
with

built as (
    {%- for mart in marts %}
    {{ 'union' if not loop.first }}
    select charge_date from {{ mart }}
    {%- endfor %}
)

select built.charge_date
from built
left join {{ source('run', 'affected_days') }} as affected
    on built.charge_date = affected.event_date
where affected.event_date is null
