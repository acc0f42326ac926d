-- Tokens without a price: how many, how many the sources' settings allow, whose.
with allowed as (
    select
        coalesce(sum(
            coalesce(({shares}::jsonb ->> n.source)::numeric, {default_share}::numeric)
            * (
                coalesce(s.uncached_input, 0) + coalesce(s.cache_read, 0)
                + coalesce(s.cache_write, 0) + coalesce(s.cache_write_5m, 0)
                + coalesce(s.cache_write_1h, 0) + coalesce(s.input_audio, 0)
                + coalesce(s.output, 0) + coalesce(s.reasoning, 0) + coalesce(s.output_audio, 0)
            )
        ), 0) as tokens
    from used_by_sku as s
    left join staging.sources as n on s.source_id = n.source_id
),

totals as (
    select
        coalesce(sum(l.quantity), 0) as tokens,
        coalesce(sum(l.quantity) filter (where l.pricing_status = 'unpriced'), 0) as unpriced
    from lines as l
    where l.is_input or l.is_output
),

models as (
    select
        left(l.provider || '/' || l.model, 80) as model,
        sum(l.quantity) filter (where l.pricing_status = 'unpriced') as unpriced,
        bool_or(l.pricing_status = 'priced') as is_partly_priced
    from lines as l
    where l.token_type <> 'request'
    group by 1
    having bool_or(l.pricing_status = 'unpriced')
),

named as (
    select
        count(*) filter (where not m.is_partly_priced) as unpriced_models,
        coalesce(
            string_agg(m.model, ', ' order by m.rank_no)
            filter (where m.rank_no <= 10 and not m.is_partly_priced), 'none'
        ) as unpriced_model_names,
        coalesce(
            string_agg(m.model || ' ' || round(m.unpriced), ', ' order by m.rank_no)
            filter (where m.rank_no <= 5), 'none'
        ) as unpriced_most
    from (
        select
            d.*,
            row_number() over (
                partition by d.is_partly_priced order by d.unpriced desc, d.model
            ) as rank_no
        from models as d
    ) as m
)

select
    t.tokens,
    t.unpriced as unpriced_tokens,
    greatest(ceil(t.unpriced - a.tokens), 0)::bigint as unpriced_excess,
    (t.unpriced / nullif(t.tokens, 0))::double precision as unpriced_share,
    (a.tokens / nullif(t.tokens, 0))::double precision as allowed_share,
    n.*
from totals as t
cross join allowed as a
cross join named as n
