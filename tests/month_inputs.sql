-- What the transform step puts into a candidate of the terms that months settle.
create table volume_tiers (
    tenant_id text, contract_term text, is_price boolean, is_of_all boolean, currency text,
    above numeric, up_to numeric, base_value numeric, value numeric
);
create table published_volumes (
    charge_date date, tenant_id text, contract_term text, provider text, team_id text,
    project_id text, cost_center text, billing_currency text, consumed_quantity numeric,
    list_cost numeric
);
create table commitments (
    tenant_id text, charge text, provider text, currency text, amount numeric, valid_from date,
    valid_to date, drawn_before numeric
);
create table published_usage (
    charge_date date, tenant_id text, provider text, team_id text, project_id text,
    cost_center text, cost numeric, billing_currency text
);
