-- Of all that a closed period's row says, the certificate of the period before included.
encode(sha256(convert_to(jsonb_build_array(
    to_char(p.billing_month, 'YYYY-MM-DD'),
    to_char(p.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    p.closed_by, p.line_count, p.lines_digest, p.reference_version, p.catalogues,
    p.meterr_version, p.schema_revision, p.previous_certificate
)::text, 'UTF8')), 'hex')
