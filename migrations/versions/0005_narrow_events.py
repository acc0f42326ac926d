"""Store leaves in four bytes and the time of a change only where there was one (ARCHITECTURE).

Rewrites every day once. What needs more than four bytes moves to `extra_units` under its token
type; `staging.canonical_events` reads it back in the contract's types.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

LEAVES = {
    "uncached_input": "uncached_input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "input_audio": "input_audio_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
    "output_audio": "output_audio_tokens",
    "web_search": "web_search_requests",
}
MOST = 2**31 - 1
WIDE = ", ".join(
    f"'{token_type}', case when {column} > {MOST} then {column} end"
    for token_type, column in LEAVES.items()
)
NARROW = ",\n".join(
    f"alter column {column} type integer using case when {column} <= {MOST} then {column} end"
    for column in LEAVES.values()
)
# One statement, so that each table is rewritten once and every expression sees the old row.
NARROWED = f"""
alter table %(table)s
    alter column source_updated_at drop not null,
    alter column source_updated_at type timestamptz using nullif(source_updated_at, event_at),
    alter column extra_units type jsonb using case
        when greatest({", ".join(LEAVES.values())}) > {MOST}
            then coalesce(extra_units, '{{}}') || jsonb_strip_nulls(jsonb_build_object({WIDE}))
        else extra_units
    end,
    {NARROW}
"""

KEYS = ["event_date", "run_no", "source_id", "event_key", "owner_key", "sku_key", "tag_key"]
AS_STORED = (
    "source_event_id",
    "event_at",
    "session_id",
    "reported_cost",
    "latency_ms",
    "request_count",
)
READ = ",\n".join(
    (
        *(f"e.{column}" for column in (*KEYS, *AS_STORED)),
        "coalesce(e.source_updated_at, e.event_at) as source_updated_at",
        *(
            f"coalesce(e.{column}::bigint, (e.extra_units ->> '{token_type}')::bigint) as {column}"
            for token_type, column in LEAVES.items()
        ),
        "case when e.extra_units ?| '{types}'::text[]"
        " then nullif(e.extra_units - '{types}'::text[], '{{}}') else e.extra_units end"
        " as extra_units".format(types="{" + ",".join(LEAVES) + "}"),
    )
)

VIEWS = """
create view staging.canonical_events with (security_invoker) as
select __READ__ from staging.token_events as e;

create view staging.published_events with (security_invoker) as
select
    e.event_date,
    s.source,
    coalesce(e.source_event_id, e.event_key::text) as source_event_id,
    e.event_at,
    e.source_updated_at,
    o.tenant_id,
    o.project_id,
    o.user_id,
    o.api_key_id,
    o.environment,
    o.feature,
    e.session_id,
    k.provider,
    k.model,
    k.model_requested,
    k.region,
    k.service_tier,
    k.processing_mode,
    k.accounting_role,
    k.status,
    k.is_gateway_cache_hit,
    __LEAVES__,
    e.request_count,
    e.extra_units,
    e.latency_ms,
    e.reported_cost,
    k.reported_cost_currency,
    e.owner_key,
    e.sku_key,
    e.tag_key,
    e.run_no
from staging.canonical_events as e
inner join staging.owners as o using (owner_key)
inner join staging.skus as k using (sku_key)
inner join staging.sources as s using (source_id)
where e.event_date in (select d.event_date from ops.published_days as d);

grant select on staging.canonical_events, staging.published_events
    to meterr_analyst, meterr_auditor;
"""


def upgrade() -> None:
    # Both read columns whose type changes; `meterr migrate` builds the mart's view anew.
    op.execute("drop view if exists marts.token_events_priced")
    op.execute("set role meterr_loader")
    op.execute("drop view staging.published_events")
    for table in ("staging.token_events", "staging.token_event_revisions"):
        op.execute(NARROWED % {"table": table})
    leaves = ", ".join(f"e.{column}" for column in LEAVES.values())
    op.execute(VIEWS.replace("__READ__", READ).replace("__LEAVES__", leaves))
    op.execute("reset role")
