-- Guards the grain that each mart's yml names: a second row for a key would bill usage twice, and
-- for the facts cut by day no index would notice.
{%- set marts = {
    'fct_usage_cost_daily': ref('fct_usage_cost_daily'),
    'fct_usage_by_owner_daily': ref('fct_usage_by_owner_daily'),
    'fct_sku_rates_daily': ref('fct_sku_rates_daily'),
    'fct_contract_rates_daily': ref('fct_contract_rates_daily'),
    'usage_by_team_daily': ref('usage_by_team_daily'),
    'usage_by_model_daily': ref('usage_by_model_daily'),
    'usage_by_user_daily': ref('usage_by_user_daily'),
    'usage_by_feature_daily': ref('usage_by_feature_daily'),
    'usage_by_tenant_daily': ref('usage_by_tenant_daily'),
    'usage_by_hour': ref('usage_by_hour'),
    'unpriced_usage_daily': ref('unpriced_usage_daily'),
} %}
{%- for name, relation in marts.items() %}
{%- set key = published_key(name) | join(', ') %}
{{ 'union all' if not loop.first }}
select
    '{{ name }}' as mart,
    row({{ key }})::text as repeated_key
from {{ relation }}
group by {{ key }}
having count(*) > 1
{%- endfor %}
