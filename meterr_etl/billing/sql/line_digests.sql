-- A line as text says its values alone: no scale, no setting of the session. Hashes are sorted, so
-- the order in which rows lie does not matter. A price that a line was billed without (before
-- contracts were known) is no part of its text, so that its certificate still holds.
select
    hashed.charge_date,
    count(*) as line_count,
    encode(sha256(string_agg(hashed.line, ''::bytea order by hashed.line)), 'hex') as lines_digest
from (
    select
        charge_date,
        sha256(convert_to((jsonb_build_array(
            to_char(billing_month, 'YYYY-MM-DD'), charge_class, to_char(charge_date, 'YYYY-MM-DD'),
            tenant_id, tenant_name, cost_center, team_id, team_name, project_id, project_name,
            provider, model, region, service_tier, processing_mode, token_type, rate_id,
            pricing_status, trim_scale(consumed_quantity), trim_scale(list_unit_price),
            trim_scale(list_cost), trim_scale(contracted_cost), trim_scale(effective_cost),
            trim_scale(billed_cost), billing_currency
        ) || case
            when contracted_unit_price is null then '[]'
            else jsonb_build_array(trim_scale(contracted_unit_price))
        end)::text, 'UTF8')) as line
    from marts.billed_lines
    where billing_month = {month}
) as hashed
group by hashed.charge_date
