select
    (
        select coalesce(bool_or(is_closed), false)
        from marts.billing_periods
        where billing_month = {month}
    ) as is_closed,
    (
        select count(*)
        from ops.published_days
        where event_date >= {month} and event_date < {next_month}
    ) as published_days,
    {next_month} - {month} as days
