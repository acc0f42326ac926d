-- What the installed catalogue says, beside what is in force; compared by content, since a rate
-- that was retired and came back bears another id.
create temporary table arriving_rates (
    rate_id text not null,
    catalogue text not null,
    catalogue_version text not null,
    provider_id text not null,
    model_id text not null,
    token_type text not null,
    processing_mode text not null,
    service_tier text not null,
    context_above_tokens bigint not null,
    valid_from date not null,
    valid_to date,
    unit_price numeric not null,
    currency text not null,
    time_of_day_from time not null
) on commit drop
