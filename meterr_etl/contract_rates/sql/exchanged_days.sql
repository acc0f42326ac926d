-- The published days on which an exchange rate that changed since was asked for: of a list's
-- currency, or of a fixed price, whose own currency the mart does not keep. What was exchanged
-- can't be told from the rate itself: between two currencies it may be 1.
select d.event_date
from ops.published_days as d
where
    d.event_date between {first} and {last}
    and exists (
        select
        from reference.exchange_rates as x
        inner join marts.fct_contract_rates_daily as c on x.to_currency = c.billing_currency
        inner join marts.fct_sku_rates_daily as l
            using (charge_date, sku_key, context_above_tokens, time_of_day_from, token_type)
        where
            greatest(x.reference_version, x.retired_by) > d.reference_version
            and d.event_date >= x.valid_from
            and d.event_date < x.valid_from + {longest_days}
            and c.charge_date = d.event_date
            and ({tenant_id}::text is null or c.tenant_id = {tenant_id})
            and l.rate_id is not null
            and (x.from_currency = l.billing_currency or c.fixed_unit_price is not null)
            and not exists (
                select
                from reference.exchange_rates as y
                where
                    (y.from_currency, y.to_currency) = (x.from_currency, x.to_currency)
                    and y.valid_from > x.valid_from
                    and y.valid_from <= d.event_date
                    and y.reference_version <= d.reference_version
                    and y.retired_by is null
            )
    )
