select
    p.billing_month,
    p.closed_at,
    p.closed_by,
    p.line_count,
    p.lines_digest,
    p.reference_version,
    p.catalogues,
    p.meterr_version,
    p.schema_revision,
    p.previous_certificate,
    p.certificate
from ops.closed_periods as p
where p.billing_month = {month}
