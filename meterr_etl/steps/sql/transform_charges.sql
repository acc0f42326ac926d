create unlogged table {charge_parts} (
    charge_date date,
    tenant_id text,
    charge text,
    charge_kind text,
    provider text,
    team_id text,
    project_id text,
    cost_center text,
    used_cost numeric,
    billed_cost numeric,
    currency text
)
