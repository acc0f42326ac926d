-- What was paid ahead, of which months before those that the run settles have drawn a part.
create unlogged table {commitments} (
    tenant_id text,
    charge text,
    provider text,
    currency text,
    amount numeric,
    valid_from date,
    valid_to date,
    drawn_before numeric
)
