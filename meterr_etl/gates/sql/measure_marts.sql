-- One row: the candidate against the events that it was built from, against itself, and against
-- what is published.
with gaps as (
    select
        (select count(*) from event_gaps) as event_gaps,
        (
            select jsonb_agg(to_jsonb(g) order by g.event_date) from event_gaps as g
        ) as event_gap_rows,
        (select count(*) from type_gaps) as type_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from type_gaps
                order by charge_date, tenant_id, token_type limit 10
            ) as g
        ) as type_gap_rows,
        (select count(*) from charge_gaps) as charge_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from charge_gaps
                order by charge_date, tenant_id, currency limit 10
            ) as g
        ) as charge_gap_rows,
        (select count(*) from settlement_gaps) as settlement_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from settlement_gaps
                order by charge_date, tenant_id, contract_term limit 10
            ) as g
        ) as settlement_gap_rows,
        (select count(*) from commitment_gaps) as commitment_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from commitment_gaps
                order by charge_date, tenant_id, charge limit 10
            ) as g
        ) as commitment_gap_rows,
        (select count(*) from allocation_gaps) as allocation_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from allocation_gaps
                order by charge_date, tenant_id, measure limit 10
            ) as g
        ) as allocation_gap_rows,
        (select count(*) from held_gaps) as held_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from held_gaps
                order by charge_date, tenant_id, pool limit 10
            ) as g
        ) as held_gap_rows,
        (
            select count(*) from rollup_gaps as r
            where r.currency = ''
        ) as quantity_gaps,
        (
            select count(*) from rollup_gaps as r
            where r.currency <> ''
        ) as cost_gaps,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from rollup_gaps as r
                where r.currency = ''
                order by mart, charge_date, tenant_id limit 10
            ) as g
        ) as quantity_gap_rows,
        (
            select jsonb_agg(to_jsonb(g)) from (
                select * from rollup_gaps as r
                where r.currency <> ''
                order by mart, charge_date, tenant_id limit 10
            ) as g
        ) as cost_gap_rows
),

price_lines as (
    select
        coalesce(sum(l.misrated_lines), 0)::bigint as misrated_lines,
        coalesce(sum(l.negative_lines), 0)::bigint as negative_lines,
        coalesce(sum(l.rateless_lines), 0)::bigint as rateless_lines,
        coalesce(sum(l.unpriced_lines_with_cost), 0)::bigint as unpriced_lines_with_cost,
        coalesce(sum(l.quantity) filter (where l.token_type = 'request'), 0) as request_count,
        coalesce(sum(l.list_cost), 0) as list_cost
    from lines as l
),

built_days as (
    select x.charge_date from lines as x
    union
    select x.charge_date from rolled as x
    union
    select x.event_date from scanned as x
),

days as (
    select
        (select count(*) from moved) as days_moved,
        (
            select
                coalesce(
                    '; not compared, since they moved after they were built: '
                    || string_agg(m.event_date::text, ', ' order by m.event_date),
                    ''
                )
            from moved as m
        ) as moved_note,
        (
            select count(*) from ops.run_days as d
            where d.run_id = {run_id}
        ) as affected_days,
        (
            select string_agg(d.event_date::text, ', ' order by d.event_date)
            from ops.run_days as d
            where
                d.run_id = {run_id}
                and d.event_date in (select u.charge_date from used as u)
                and d.event_date not in (select x.charge_date from lines as x)
        ) as days_missing,
        (
            select string_agg(b.charge_date::text, ', ' order by b.charge_date)
            from built_days as b
            where
                b.charge_date not in (
                    select d.event_date from ops.run_days as d
                    where d.run_id = {run_id}
                )
        ) as days_strange
),

-- The day that departs most from what is usual speaks for all.
costs as (
    select * from drift
    where cost_ratio > 0
    order by abs(ln(cost_ratio)) desc, charge_date
    limit 1
),

requests as (
    select * from drift
    where request_ratio > 0
    order by abs(ln(request_ratio)) desc, charge_date
    limit 1
)

select
    g.*,
    p.*,
    u.*,
    d.affected_days,
    d.days_moved,
    d.moved_note,
    coalesce(d.days_missing, 'none') as days_missing_names,
    coalesce(array_length(string_to_array(d.days_missing, ', '), 1), 0) as days_missing,
    coalesce(d.days_strange, 'none') as days_strange_names,
    coalesce(array_length(string_to_array(d.days_strange, ', '), 1), 0) as days_strange,
    c.charge_date as cost_drift_date,
    c.cost_ratio,
    c.cost_per_million::double precision as cost_per_million,
    c.usual_cost::double precision as usual_cost,
    c.days_compared as cost_days_compared,
    q.charge_date as request_drift_date,
    q.request_ratio,
    q.request_count::double precision as drift_requests,
    q.usual_requests::double precision as usual_requests,
    q.days_compared as request_days_compared,
    r.reported_cost,
    r.comparable_list_cost,
    (r.reported_cost / nullif(r.comparable_list_cost, 0))::double precision as reported_ratio
from gaps as g
cross join price_lines as p
cross join unpriced as u
cross join days as d
cross join reported as r
left join costs as c on true
left join requests as q on true
