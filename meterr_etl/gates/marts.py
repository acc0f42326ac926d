"""The marts gate: is the candidate, to the last digit, what the affected events add up to?"""

from __future__ import annotations

from psycopg import sql
from psycopg.types.json import Jsonb

from meterr_etl.gates.expectation import MAX_HISTORY, MIN_HISTORY
from meterr_etl.gates.marts_expectations import marts_expectations
from meterr_etl.gates.measuring import Checkpoint, relation_columns
from meterr_etl.ledger.candidates import require_whole_candidate
from meterr_etl.ledger.runs import Run
from meterr_etl.settings import SourceSettings, settings
from meterr_etl.warehouse.connection import Connection, warehouse

# The candidate's relations by the name that the gate's SQL files call them.
CANDIDATE = {
    "events": "affected_events",
    "owners": "owners",
    "skus": "skus",
    "sku_rate_keys": "sku_rate_keys",
    "charge_parts": "charge_parts",
    "affected_days": "affected_days",
    "volume_tiers": "volume_tiers",
    "published_volumes": "published_volumes",
    "commitments": "commitments",
    "published_usage": "published_usage",
    "lines": "fct_usage_cost_daily",
    "by_owner": "fct_usage_by_owner_daily",
    "by_team": "usage_by_team_daily",
    "by_model": "usage_by_model_daily",
    "by_user": "usage_by_user_daily",
    "by_feature": "usage_by_feature_daily",
    "by_environment": "usage_by_environment_daily",
    "by_tenant": "usage_by_tenant_daily",
    "by_hour": "usage_by_hour",
    "allocated": "fct_allocated_cost_daily",
    "pooled": "fct_pooled_cost_daily",
    "allocation_pools": "allocation_pools",
    "published_pools": "published_pools",
}
ROLL_UPS = tuple(name for name in CANDIDATE if name.startswith("by_"))
PREPARED = (
    "moved",
    "scanned",
    "used_by_sku",
    "used",
    "lines",
    "rolled",
    "event_gaps",
    "type_gaps",
    "charge_gaps",
    "settlement_gaps",
    "commitment_gaps",
    "rollup_gaps",
    "allocation_gaps",
    "held_gaps",
    "drift",
    "reported",
    "unpriced",
)
# The token types of lines that rightly lower a bill; on all others a negative cost is a fault.
MAY_BE_NEGATIVE = ("credit", "volume_settlement", "commitment_drawdown")
# The smallest published roll-up that holds what drift compares, apart from dated charges.
HISTORY_MART = "usage_by_model_daily"


def marts_checkpoint(run: Run) -> Checkpoint:
    """Return the marts gate of a run, its bounds taken from the sources' settings.

    Raises:
        ConflictError: a crash of the server has emptied the run's candidate.
    """
    with warehouse("meterr_publisher") as connection:
        # What is not there at all is named where it is measured.
        if relation_columns(connection, run.tables.candidate_table("affected_days")):
            require_whole_candidate(connection, run)
        published = _published_history(connection)
    chosen = settings()
    parts = {
        **{key: run.tables.candidate_table(name) for key, name in CANDIDATE.items()},
        "run_id": sql.Literal(run.run_id),
        "batch": run.tables.batch,
        "superseded": run.tables.superseded,
        "roll_ups": sql.Literal([CANDIDATE[key] for key in ROLL_UPS]),
        "published": published,
        "may_be_negative": sql.SQL(", ").join(map(sql.Literal, MAY_BE_NEGATIVE)),
        "repaired": sql.Literal(list(run.window.days()) if run.kind == "repair" else []),
        "shares": sql.Literal(
            Jsonb({name: str(it.unpriced_max_share) for name, it in chosen.sources.items()})
        ),
        "default_share": sql.Literal(SourceSettings().unpriced_max_share),
        "min_history": sql.Literal(MIN_HISTORY),
        "max_history": sql.Literal(MAX_HISTORY),
    }
    expectations = marts_expectations(chosen.for_source(run.source))
    return Checkpoint("marts", run, "meterr_publisher", parts, expectations, PREPARED)


def _published_history(connection: Connection) -> sql.Composable:
    mart = sql.Identifier("marts", HISTORY_MART)
    if relation_columns(connection, mart):
        return sql.SQL("select * from {}").format(mart)
    return sql.SQL(
        "select null::date as charge_date, 0 as request_count, 0 as total_tokens,"
        " 0 as unpriced_tokens, 0 as list_cost where false"
    )
