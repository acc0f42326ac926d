-- Guards that the leaves of a roll-up add up: a leaf that is in neither sum would cost, and be
-- counted nowhere.
{%- set roll_ups = [
    ref('usage_by_team_daily'),
    ref('usage_by_model_daily'),
    ref('usage_by_user_daily'),
    ref('usage_by_feature_daily'),
    ref('usage_by_tenant_daily'),
    ref('usage_by_hour'),
] %}
{%- for roll_up in roll_ups %}
{{ 'union all' if not loop.first }}
select
    charge_date,
    tenant_id,
    total_tokens
from {{ roll_up }}
where
    total_tokens <> input_tokens + output_tokens
    or cache_read_tokens > input_tokens
    or unpriced_tokens > total_tokens
{%- endfor %}
