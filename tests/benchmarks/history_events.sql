-- The one place that knows how a staged event is laid out: a weekday's calls as events of one day.
insert into staging.token_events (
    event_date, run_no, event_at, event_key, owner_key, sku_key,
    uncached_input_tokens, cache_read_tokens, output_tokens, reasoning_tokens, request_count,
    source_id, latency_ms
)
select
    %(day)s,
    %(run_no)s,
    c.called_at,
    md5(%(day)s::text || c.call_no)::uuid,
    c.owner_key,
    c.sku_key,
    c.uncached_input,
    c.cache_read,
    c.output,
    c.reasoning,
    1,
    s.source_id,
    200 + (c.output * 8)::integer
from (
    select
        c.*,
        (%(day)s::timestamp at time zone 'UTC')
        + c.hour * interval '1 hour' + mod(c.call_no, 3600) * interval '1 second' as called_at
    from history.calls as c
    where c.weekday = extract(dow from %(day)s::date)
) as c
cross join staging.sources as s
where s.source = %(source)s
