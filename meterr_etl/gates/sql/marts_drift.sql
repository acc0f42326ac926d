-- Each affected day's requests and cost per million priced tokens against the median of the
-- published days before it, as times the median.
with built as (
    select
        l.charge_date,
        sum(l.quantity) filter (where l.token_type = 'request') as request_count,
        sum(l.list_cost)
        / nullif(
            sum(l.quantity) filter (
                where (l.is_input or l.is_output) and l.pricing_status = 'priced'
            ), 0
        ) * 1000000 as cost_per_million
    from lines as l
    -- What is billed beside usage is no price of a token.
    where l.pricing_status <> 'charged'
    group by l.charge_date
),

published as (
    select
        p.charge_date,
        sum(p.request_count) as request_count,
        sum(p.list_cost) / nullif(sum(p.total_tokens - p.unpriced_tokens), 0) * 1000000
            as cost_per_million
    from ({published}) as p
    inner join ops.published_days as d on p.charge_date = d.event_date
    where
        (p.request_count <> 0 or p.total_tokens <> 0)
        and p.charge_date not in (
            select a.event_date from ops.run_days as a
            where a.run_id = {run_id}
        )
    group by p.charge_date
)

select
    b.charge_date,
    u.days_compared,
    b.request_count,
    b.cost_per_million,
    u.usual_requests,
    u.usual_cost,
    case
        when u.days_compared >= {min_history}
            then b.request_count / nullif(u.usual_requests, 0)
    end::double precision as request_ratio,
    case
        when u.days_compared >= {min_history}
            then b.cost_per_million / nullif(u.usual_cost, 0)
    end::double precision as cost_ratio
from built as b
cross join lateral (
    select
        count(*) as days_compared,
        percentile_cont(0.5) within group (order by h.request_count)::numeric as usual_requests,
        percentile_cont(0.5) within group (order by h.cost_per_million)::numeric as usual_cost
    from (
        select p.*
        from published as p
        where p.charge_date < b.charge_date
        order by p.charge_date desc
        limit {max_history}
    ) as h
) as u
