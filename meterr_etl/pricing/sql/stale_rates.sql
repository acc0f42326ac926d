-- What published days were priced by, beside what would hold for the same usage now; only rows that
-- differ. The days that were published at this version are none.
with published as (
    select
        f.*,
        k.processing_mode,
        k.is_gateway_cache_hit
    from marts.fct_sku_rates_daily as f
    inner join ops.published_days as d on f.charge_date = d.event_date
    inner join staging.skus as k on f.sku_key = k.sku_key
    where
        f.charge_date between {first} and {last}
        and d.reference_version <> {reference_version}
),

rates as (
    select r.*
    from reference.rates as r
    where
        r.reference_version <= {reference_version}
        and (r.retired_by is null or r.retired_by > {reference_version})
),

asked as (
    select
        p.*,
        n.provider_id,
        n.model_id,
        n.rate_service_tier,
        n.region_multiplier as region_multiplier_now,
        n.unpriceable_reason,
        n.context_thresholds,
        n.times_of_day,
        t.rate_token_type,
        t.rank_no
    from published as p
    inner join {sku_rate_keys} as n on p.sku_key = n.sku_key
    cross join lateral (
        select
            p.token_type as rate_token_type,
            0 as rank_no
        union all
        select
            u.base,
            1
        from (values {unit_bases}) as u (token_type, base)
        where u.token_type = p.token_type
    ) as t
),

found as (
    select
        a.*,
        r.rate_id as rate_id_now,
        case
            when r.token_type = any ({per_token})
                then r.unit_price * coalesce(a.region_multiplier_now, 1)
            else r.unit_price
        end as list_unit_price_now,
        rank() over (
            partition by
                a.charge_date,
                a.sku_key,
                a.context_above_tokens,
                a.time_of_day_from,
                a.token_type
            order by r.rate_id is null, a.rank_no
        ) as nearness
    from asked as a
    left join rates as r
        on
            a.provider_id = r.provider_id
            and a.model_id = r.model_id
            and a.rate_token_type = r.token_type
            and a.processing_mode = r.processing_mode
            and a.rate_service_tier = r.service_tier
            and a.context_above_tokens = r.context_above_tokens
            and coalesce(a.time_of_day_from, '00:00') = r.time_of_day_from
            and a.charge_date >= r.valid_from
            and (a.charge_date < r.valid_to or r.valid_to is null)
            and a.unpriceable_reason is null
            and not a.is_gateway_cache_hit
)

select
    f.charge_date,
    f.sku_key,
    f.provider,
    f.model,
    coalesce(f.model_id, f.model) as model_now,
    f.token_type,
    f.rate_id,
    f.list_unit_price,
    f.rate_id_now,
    f.list_unit_price_now
from found as f
where
    f.nearness = 1
    and (
        (f.rate_id, f.list_unit_price) is distinct from (f.rate_id_now, f.list_unit_price_now)
        or coalesce(f.model_id, f.model) <> f.model
        -- Other thresholds or hours cut the same usage into other pieces.
        or f.context_up_to_tokens is distinct from f.context_thresholds[
            1 + width_bucket(f.context_above_tokens, f.context_thresholds)
        ]
        or f.time_of_day_up_to is distinct from f.times_of_day[
            1 + width_bucket(coalesce(f.time_of_day_from, '00:00'), f.times_of_day)
        ]
    )
order by f.charge_date, f.model, f.token_type
