-- The events of one day. Every choice is a slice of a hash of (seed, day, number), so the same
-- arguments give the same rows; `offset 0` keeps each hash from being computed once per use.
with hashed as (
    select
        n,
        hashint8extended(s.serial, %(seed)s * 8 + 1) as h1,
        hashint8extended(s.serial, %(seed)s * 8 + 2) as h2,
        hashint8extended(s.serial, %(seed)s * 8 + 3) as h3,
        hashint8extended(s.serial, %(seed)s * 8 + 4) as h4,
        hashint8extended(s.serial, %(seed)s * 8 + 5) as h5,
        s.serial
    from generate_series(1, %(events)s::bigint) as n
    cross join lateral (
        select (%(day)s::date - date '2000-01-01') * 10000000::bigint + n
    ) as s (serial)
    offset 0
),

drawn as (
    select
        n,
        serial,
        width_bucket((h1 & 65535)::integer, %(tenant_cuts)s::integer[]) as tenant_no,
        %(day)s::date::timestamp at time zone 'UTC'
        + make_interval(
            hours => width_bucket((h1 >> 16 & 65535)::integer, %(hour_cuts)s::integer[]) - 1
        )
        + make_interval(secs => ((h2 & 2147483647) * 3600000 >> 31)::double precision / 1000)
            as created_at,
        (h1 >> 32 & 65535) as habit_draw,
        width_bucket((h1 >> 48 & 65535)::integer, %(model_cuts)s::integer[]) as market_model_no,
        (h2 >> 31 & 65535) * (h2 >> 31 & 65535) >> 16 as key_draw,
        (h2 >> 47 & 65535) as user_draw,
        (h3 & 65535) as size_draw,
        (h3 >> 16 & 65535) as tail_draw,
        (h3 >> 32 & 65535) as answer_draw,
        (h3 >> 48 & 65535) as cache_draw,
        (h4 & 65535) as status_draw,
        (h4 >> 16 & 65535) as batch_draw,
        (h4 >> 32 & 65535) as arrival_draw,
        (h4 >> 48 & 65535) as tool_draw,
        (h5 & 65535) as feature_draw,
        (h5 >> 16 & 65535) as tag_draw,
        (h5 >> 32 & 65535) as owner_draw,
        (h5 >> 48 & 65535) as share_draw
    from hashed
    offset 0
),

sized as (
    select
        d.*,
        k.id as key_id,
        k.project_id,
        k.key_no,
        k.names_project,
        k.environment,
        k.organization_id,
        coalesce(k.user_id, u.id) as user_id,
        m.provider,
        m.model,
        m.tier,
        m.cached_price is not null as caches,
        m.reasons,
        m.hears,
        m.input_price,
        m.cached_price,
        m.output_price,
        m.batches and d.batch_draw < 1050 as is_batch,
        case when d.status_draw < 400 then 'rate_limited' when d.status_draw < 800 then 'error' end
            as failure,
        -- Most prompts are near the typical size, a few are many times longer; one in thousands
        -- crosses the threshold above which some providers charge a long-context rate.
        m.prompt * (
            200
            + (d.size_draw * 1400 >> 16)
            + (d.tail_draw * d.tail_draw * d.tail_draw >> 32) * 6000 / 65536
        ) / 1000
        + case when d.tool_draw >= 65530 and m.prompt > 1800 then 200000 else 0 end as prompt,
        1 + m.answer * (200 + (d.answer_draw * d.answer_draw >> 16) * 3600 / 65536) / 1000 as answer
    from drawn as d
    inner join seed_tenants as t on t.tenant_no = d.tenant_no
    inner join seed_keys as k
        on k.tenant_no = d.tenant_no and k.key_no = 1 + (d.key_draw * t.key_count >> 16)
    -- An application keeps to its model: most calls of a key go to the same one.
    inner join seed_models as m
        on
            m.model_no = case
                when d.habit_draw < 55000 then 1 + (k.key_no * 5 + d.tenant_no) %% 7
                else d.market_model_no
            end
    left join seed_users as u
        on
            u.tenant_no = d.tenant_no
            and u.user_no = 1 + (
                (d.user_draw * d.user_draw * d.user_draw >> 32) * t.user_count >> 16
            )
            and d.owner_draw < 36000
    offset 0
),

counted as (
    select
        s.*,
        -- Parts of the prompt; together below the whole, so every convention stays consistent.
        case
            when failure is null and caches and cache_draw < 27000
                then prompt * (10 + share_draw %% 60) / 100
            else 0
        end as read_tokens,
        case
            when failure is null and s.provider = 'anthropic' and cache_draw between 20000 and 36000
                then prompt * (5 + share_draw %% 15) / 100
            else 0
        end as write_5m_tokens,
        case
            when failure is null and s.provider = 'anthropic' and cache_draw between 35000 and 38000
                then prompt * (2 + share_draw %% 6) / 100
            else 0
        end as write_1h_tokens,
        case when failure is null then answer * case when reasons then 2 else 1 end else 0 end
            as answer_tokens,
        case when failure = 'rate_limited' then 0 else prompt end as prompt_tokens,
        case
            when arrival_draw < 550 then interval '1 day' + arrival_draw * interval '20 seconds'
            when arrival_draw < 700 then interval '2 days' + arrival_draw * interval '5 seconds'
            when arrival_draw < 900
                then (1 + arrival_draw %% 3) * interval '1 day' + interval '3 hours'
            when arrival_draw < 1300 then (1 + arrival_draw %% 90) * interval '1 minute'
            else interval '0'
        end as delay
    from sized as s
    offset 0
)

insert into public.token_usage
select
    md5(concat_ws(':', %(seed)s::text, 'event', serial))::uuid,
    -- A new customer whose organization row is not there yet, and a key that nobody registered.
    case
        when owner_draw >= 65500 then md5(%(seed)s::text || ':stranger')::uuid
        else organization_id
    end,
    case when owner_draw < 65500 then user_id end,
    case
        when owner_draw >= 65400
            then md5(concat_ws(':', %(seed)s::text, 'lost key', tenant_no))::uuid
        else key_id
    end,
    case when names_project and owner_draw < 65400 then project_id end,
    provider,
    model,
    -- Anthropic reports what was not cached, the others the whole prompt.
    prompt_tokens - case
        when provider = 'anthropic' then read_tokens + write_5m_tokens + write_1h_tokens else 0
    end,
    answer_tokens,
    case when caches then read_tokens end,
    case when provider = 'anthropic' then write_5m_tokens end,
    case when provider = 'anthropic' then write_1h_tokens end,
    case when reasons then answer_tokens * (cache_draw %% 80) / 100 end,
    case when hears then prompt_tokens * 40 / 100 end,
    case when hears then answer_tokens * 60 / 100 end,
    case
        when
            failure is null and tool_draw < 450
            and provider in ('anthropic', 'openai') and not hears
            then 1 + tool_draw %% 3
        when provider = 'anthropic' then 0
    end,
    case
        when provider = 'openai' and batch_draw >= 65400 and not hears then 'priority' else tier
    end,
    is_batch,
    coalesce(failure, 'success'),
    -- What a gateway would estimate: reads at their own price, writes at 5/4 and 2 times the
    -- input's, batches at half; it knows nothing of long-context rates.
    round(
        (
            (prompt_tokens - read_tokens - write_5m_tokens - write_1h_tokens) * input_price * 4
            + read_tokens * coalesce(cached_price, 0) * 4
            + write_5m_tokens * input_price * 5
            + write_1h_tokens * input_price * 8
            + answer_tokens * output_price * 4
        )::numeric / case when is_batch then 8000000000 else 4000000000 end,
        9
    ),
    case when not is_batch then (180 + answer_tokens * 9 + prompt_tokens / 40)::integer end,
    case
        when key_no %% 11 <> 0 then (%(features)s::text[])[
            1 + case
                when feature_draw < 57000 then key_no
                else feature_draw * cardinality(%(features)s::text[]) >> 16
            end %% cardinality(%(features)s::text[])
        ]
    end,
    case when key_no %% 30 <> 0 then environment end,
    case
        when not is_batch and feature_draw %% 10 < 6
            then concat_ws(
                '-', 's', left(key_id::text, 8), to_char(created_at, 'MMDDHH24'), share_draw %% 2
            )
    end,
    -- A retry keeps the id of the request that it repeats.
    'req_' || to_hex(serial + case when failure is null then 0 else 1 end),
    case
        when tag_draw < 9000 then null
        when tag_draw < 9600 then jsonb_build_object('job', 'import-' || n)
        else tags
    end,
    created_at,
    case when created_at + delay < %(end)s then created_at + delay else created_at end
from counted
inner join seed_tags on tag_no = tag_draw & 15
on conflict (id) do nothing;
