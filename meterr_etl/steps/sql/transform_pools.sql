-- Pools in the order in which a price line looks for its own, one row per rule that holds for them.
create unlogged table {pools} (
    tenant_id text,
    pool text,
    pool_order integer,
    valid_from date,
    valid_to date,
    period text,
    {dimensions},
    tags jsonb
);

create unlogged table {shares} (
    charge_date date,
    tenant_id text,
    billing_currency text,
    pool text,
    allocation_status text,
    cost_center text,
    team_id text,
    project_id text,
    rule_version bigint,
    share_numerator numeric,
    share_denominator numeric
)
