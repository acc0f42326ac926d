-- What a publish changes of numbers that stood: asked before the day's former rows are deleted.
with standing as (
    select d.event_date
    from ops.published_days as d
    where d.event_date in ({days})
),

before as (
    select
        m.charge_date,
        m.tenant_id,
        m.cost_center,
        m.billing_currency,
        sum(m.effective_cost) as cost
    from marts.usage_by_team_daily as m
    where m.charge_date in ({days})
    group by m.charge_date, m.tenant_id, m.cost_center, m.billing_currency
),

after as (
    select
        m.charge_date,
        m.tenant_id,
        m.cost_center,
        m.billing_currency,
        sum(m.effective_cost) as cost
    from {candidate_totals} as m
    where m.charge_date in (select s.event_date from standing as s)
    group by m.charge_date, m.tenant_id, m.cost_center, m.billing_currency
),

changed as (
    select
        charge_date,
        tenant_id,
        cost_center,
        billing_currency,
        b.cost as old_cost,
        a.cost as new_cost
    from before as b
    full join after as a using (charge_date, tenant_id, cost_center, billing_currency)
    where b.cost is distinct from a.cost
),

arrived as (
    select
        b.event_date,
        bool_or(s.event_key is null) as has_late_events,
        bool_or(s.event_key is not null) as has_corrections
    from {batch} as b
    left join {superseded} as s on b.event_key = s.event_key and b.source_id = s.source_id
    where b.event_date in (select t.event_date from standing as t)
    group by b.event_date
),

replaced as (
    select s.event_date
    from {superseded} as s
    group by s.event_date
),

rerated as (
    select m.charge_date
    from marts.fct_sku_rates_daily as m
    inner join {candidate_rates} as n
        using (charge_date, sku_key, context_above_tokens, time_of_day_from, token_type)
    where
        m.charge_date in ({days})
        and (m.rate_id, m.list_unit_price) is distinct from (n.rate_id, n.list_unit_price)
    group by m.charge_date
),

-- What a contract made a price of, not the price: where the list moved alone, that is the cause.
recontracted as (
    select charge_date
    from (select m.* from marts.fct_contract_rates_daily as m where m.charge_date in ({days})) as m
    full join {candidate_contract_rates} as n
        using (
            charge_date, tenant_id, sku_key, context_above_tokens, time_of_day_from, token_type
        )
    where
        charge_date in ({days})
        and (
            m.contract_term, m.percent_off, m.fixed_unit_price, m.exchange_rate, m.billing_currency
        ) is distinct from (
            n.contract_term, n.percent_off, n.fixed_unit_price, n.exchange_rate, n.billing_currency
        )
    group by charge_date
),

-- Charges are compared by their lines, which name owner and amounts.
recharged as (
    select
        charge_date,
        bool_or(token_type <> 'volume_settlement') as is_charged,
        bool_or(token_type = 'volume_settlement') as is_settled
    from (
        select m.* from marts.fct_usage_cost_daily as m
        where m.charge_date in ({days}) and m.pricing_status = 'charged'
    ) as m
    full join (
        select n.* from {candidate_lines} as n
        where n.pricing_status = 'charged'
    ) as n using (
        charge_date, tenant_id, model, token_type, provider, cost_center, team_id, project_id,
        billing_currency
    )
    where charge_date in ({days}) and m.effective_cost is distinct from n.effective_cost
    group by charge_date
),

causes as (
    select
        t.event_date,
        concat_ws(
            ', ',
            case when a.has_late_events then 'late events' end,
            case when a.has_corrections or p.event_date is not null then 'correction' end,
            case when r.charge_date is not null then 'rate' end,
            case when c.charge_date is not null then 'contract' end,
            case when h.is_charged then 'charge' end,
            case when h.is_settled then 'volume' end,
            case when d.cause like '%owner %' then 'ownership' end
        ) as cause
    from standing as t
    inner join ops.run_days as d on t.event_date = d.event_date and d.run_id = {run_id}
    left join arrived as a on t.event_date = a.event_date
    left join replaced as p on t.event_date = p.event_date
    left join rerated as r on t.event_date = r.charge_date
    left join recontracted as c on t.event_date = c.charge_date
    left join recharged as h on t.event_date = h.charge_date
)

insert into marts.restatements (
    publication_no, charge_date, tenant_id, cost_center, billing_currency,
    old_cost, new_cost, cost_change, cause, run_id
)
select
    {publication_no},
    c.charge_date,
    c.tenant_id,
    c.cost_center,
    c.billing_currency,
    c.old_cost,
    c.new_cost,
    coalesce(c.new_cost, 0) - coalesce(c.old_cost, 0),
    -- Where neither events nor rates moved a cost, it moved from one owner to another, or what a
    -- person had deleted came back.
    coalesce(nullif(k.cause, ''), {otherwise}),
    {run_id}
from changed as c
inner join causes as k on c.charge_date = k.event_date
