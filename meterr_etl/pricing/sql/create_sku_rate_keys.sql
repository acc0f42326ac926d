create {persistence} table {sku_rate_keys} (
    sku_key bigint primary key,
    provider_id text,
    model_id text,
    rate_service_tier text,
    context_thresholds bigint[],
    times_of_day time[],
    region_multiplier numeric,
    has_request_fee boolean not null,
    unpriceable_reason text,
    check ((rate_service_tier is null) = (unpriceable_reason is not null))
)
