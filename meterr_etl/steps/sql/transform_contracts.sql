create unlogged table {contracts} (
    contract_key integer,
    tenant_id text,
    contract_version bigint
);

create unlogged table {contract_terms} (
    contract_key integer,
    term_order integer,
    contract_term text,
    {scope},
    percent_off numeric,
    unit_price numeric,
    currency text,
    valid_from date,
    valid_to date
);

-- The tiers above a term's own price; `up_to` is where the next begins.
create unlogged table {volume_tiers} (
    tenant_id text,
    contract_term text,
    is_price boolean,
    is_of_all boolean,
    currency text,
    above numeric,
    up_to numeric,
    base_value numeric,
    value numeric
);

create unlogged table {contract_currencies} (
    contract_key integer,
    currency text,
    valid_from date,
    valid_to date
);

-- A rate holds until the next of its pair, and never longer than a month.
create unlogged table {exchange_rates} as
select
    x.from_currency,
    x.to_currency,
    x.rate,
    x.valid_from,
    least(
        lead(x.valid_from) over (
            partition by x.from_currency, x.to_currency
            order by x.valid_from
        ),
        x.valid_from + {longest_days}
    ) as valid_to
from reference.exchange_rates as x
where
    x.reference_version <= {reference_version}
    and (x.retired_by is null or x.retired_by > {reference_version})
