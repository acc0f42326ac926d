-- Both sides of what must be equal of one event date, from the rows read to the last roll-up.
with events as (
    select
        count(*)::numeric as event_count,
        coalesce(sum(e.request_count), 0)::numeric as requests
    from staging.published_events as e
    where e.event_date = %(day)s::date
),

lines as (
    select
        coalesce(sum(f.consumed_quantity) filter (where f.token_type = 'request'), 0) as requests,
        coalesce(sum(f.consumed_quantity) filter (where f.token_type like '%%input%%'
            or f.token_type like 'cache%%' or f.token_type like '%%output%%'
            or f.token_type = 'reasoning'), 0) as tokens,
        coalesce(sum(f.effective_cost), 0) as cost
    from marts.fct_usage_cost_daily as f
    where f.charge_date = %(day)s::date
),

roll_ups as (
    select
        'fct_usage_by_owner_daily' as mart,
        sum(f.request_count) as requests,
        sum(f.total_tokens) as tokens,
        sum(f.effective_cost) as cost
    from marts.fct_usage_by_owner_daily as f
    where f.charge_date = %(day)s::date
    union all
    select
        'usage_by_team_daily',
        sum(f.request_count),
        sum(f.total_tokens),
        sum(f.effective_cost)
    from marts.usage_by_team_daily as f
    where f.charge_date = %(day)s::date
    union all
    select
        'usage_by_model_daily',
        sum(f.request_count),
        sum(f.total_tokens),
        sum(f.effective_cost)
    from marts.usage_by_model_daily as f
    where f.charge_date = %(day)s::date
    union all
    select
        'usage_by_user_daily',
        sum(f.request_count),
        sum(f.total_tokens),
        sum(f.effective_cost)
    from marts.usage_by_user_daily as f
    where f.charge_date = %(day)s::date
    union all
    select
        'usage_by_hour',
        sum(f.request_count),
        sum(f.total_tokens),
        sum(f.effective_cost)
    from marts.usage_by_hour as f
    where f.charge_date = %(day)s::date
),

-- Of every published window that touched the day.
reads as (
    select
        w.run_id,
        w.source,
        w.rows_read,
        sum(v.row_count) as judged,
        string_agg(v.verdict || ' ' || v.row_count, ' + ' order by v.verdict)
        filter (where v.row_count > 0) as verdicts
    from ops.windows as w
    inner join ops.run_days as d on w.run_id = d.run_id and d.event_date = %(day)s::date
    inner join ops.run_verdicts as v on w.run_id = v.run_id
    group by w.run_id, w.source, w.rows_read
),

equations as (
    select
        1 as rank_no,
        'rows read by ' || r.source || ' run ' || r.run_id || ' = '
        || coalesce(r.verdicts, '0') as equation,
        r.rows_read::numeric as left_side,
        r.judged::numeric as right_side
    from reads as r
    union all
    select
        2,
        'events in the ledger = published events',
        d.event_count::numeric,
        e.event_count
    from ops.published_days as d
    cross join events as e
    where d.event_date = %(day)s::date
    union all
    select 3, 'requests of events = requests of price lines', e.requests, l.requests
    from events as e
    cross join lines as l
    union all
    select 4, 'requests of price lines = requests of ' || u.mart, l.requests, coalesce(u.requests, 0)
    from roll_ups as u
    cross join lines as l
    union all
    select 5, 'tokens of price lines = tokens of ' || u.mart, l.tokens, coalesce(u.tokens, 0)
    from roll_ups as u
    cross join lines as l
    union all
    select 6, 'cost of price lines = cost of ' || u.mart, l.cost, coalesce(u.cost, 0)
    from roll_ups as u
    cross join lines as l
)

select
    q.equation,
    q.left_side,
    q.right_side,
    q.left_side = q.right_side as holds
from equations as q
order by q.rank_no, q.equation
