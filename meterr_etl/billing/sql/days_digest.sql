-- Of a period's days with the versions and digests under which it billed them, sorted by date.
(
    select
        encode(sha256(convert_to(coalesce(string_agg(
            concat_ws(
                ' ', to_char(d.charge_date, 'YYYY-MM-DD'), d.version, d.reference_version,
                d.line_count, d.lines_digest
            ),
            chr(10) order by d.charge_date
        ), ''), 'UTF8')), 'hex')
    from ops.billed_days as d
    where d.billing_month = {month}
)
