-- The period's own days, and those of closed periods that moved since they were billed.
insert into ops.billed_days (
    billing_month, charge_date, version, reference_version, line_count, lines_digest
)
select
    {month},
    d.event_date,
    d.version,
    d.reference_version,
    coalesce(l.line_count, 0),
    coalesce(l.lines_digest, encode(sha256(''), 'hex'))
from ops.published_days as d
left join ({line_digests}) as l on d.event_date = l.charge_date
left join (
    select
        charge_date,
        max(version) as version
    from ops.billed_days
    group by charge_date
) as b on d.event_date = b.charge_date
where d.event_date < {next_month} and d.version > coalesce(b.version, 0)
