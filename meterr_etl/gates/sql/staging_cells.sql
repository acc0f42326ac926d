-- The batch, read once, by owner and kind of call; the measures read these groups alone.
select
    b.owner_key,
    b.sku_key,
    count(*) as row_count,
    count(*) filter (
        where
        least(
            b.uncached_input_tokens,
            b.cache_read_tokens,
            b.cache_write_tokens,
            b.cache_write_5m_tokens,
            b.cache_write_1h_tokens,
            b.input_audio_tokens,
            b.output_tokens,
            b.reasoning_tokens,
            b.output_audio_tokens,
            b.web_search_requests,
            b.request_count
        ) < 0
        or (
            b.extra_units is not null
            and exists (
                select from jsonb_each_text(b.extra_units) as u (unit, quantity)
                where u.quantity::numeric < 0
            )
        )
    ) as negative_rows,
    max(greatest(
        b.uncached_input_tokens,
        b.cache_read_tokens,
        b.cache_write_tokens,
        b.cache_write_5m_tokens,
        b.cache_write_1h_tokens,
        b.input_audio_tokens,
        b.output_tokens,
        b.reasoning_tokens,
        b.output_audio_tokens,
        b.web_search_requests,
        b.request_count,
        case
            when b.extra_units is not null
                then (
                    -- what is too large for its column lies here under its token type
                    select max(u.quantity::numeric)::bigint
                    from jsonb_each_text(b.extra_units) as u (unit, quantity)
                    where u.unit = any({token_types}::text[])
                )
        end
    )) as largest_quantity,
    count(*) filter (
        where b.event_date <> (b.event_at at time zone 'UTC')::date
    ) as misdated_rows
from {batch} as b
group by b.owner_key, b.sku_key
