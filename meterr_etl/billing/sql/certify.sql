with days as (
    select
        count(*) as day_count,
        coalesce(sum(d.line_count), 0) as line_count,
        coalesce(max(d.reference_version), 0) as reference_version
    from ops.billed_days as d
    where d.billing_month = {month}
),

drafted as (
    select
        {month}::date as billing_month,
        clock_timestamp() as closed_at,
        session_user::text as closed_by,
        days.line_count::bigint as line_count,
        {days_digest} as lines_digest,
        days.reference_version,
        array(
            select distinct r.catalogue || ' ' || r.catalogue_version as catalogue
            from reference.rates as r
            where r.rate_id in (
                select l.rate_id from marts.billed_lines as l where l.billing_month = {month}
            )
            order by catalogue
        ) as catalogues,
        {meterr_version} as meterr_version,
        {schema_revision} as schema_revision,
        (
            select p.certificate from ops.closed_periods as p
            order by p.billing_month desc
            limit 1
        ) as previous_certificate
    from days
)

insert into ops.closed_periods (
    billing_month, closed_at, closed_by, line_count, lines_digest, reference_version, catalogues,
    meterr_version, schema_revision, previous_certificate, certificate
)
select
    p.*,
    {certificate}
from drafted as p
