"""The months gate: do the months, as they will stand, hold what their days hold?

It judges under the publish's lock, since only there is it known what will stand.
"""

from __future__ import annotations

from psycopg import sql

from meterr_etl.gates.expectation import Expectation
from meterr_etl.gates.marts_expectations import none_of
from meterr_etl.gates.measuring import Checkpoint
from meterr_etl.ledger.runs import Run
from meterr_etl.warehouse.marts import PublishedMart, published_marts
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import statement

PREPARED = ("affected", "daily", "monthly", "gaps")
# The smallest daily mart, and made by another path than most that months sum up.
DAILY_MART = "usage_by_tenant_daily"
REMEDY = (
    "Run `meterr migrate --refill-months`, then this window again. If that does not help, report "
    "the run's page: it is a defect of the pipeline."
)


def months_checkpoint(run: Run) -> Checkpoint:
    """Return the months gate of a run."""
    marts = [mart for mart in published_marts() if mart.daily_mart]
    parts = {
        "run_id": sql.Literal(run.run_id),
        "published_days": mart_table(DAILY_MART),
        "built_days": run.tables.candidate_table(DAILY_MART),
        "months": sql.SQL("\nunion all\n").join(_as_they_will_stand(run, mart) for mart in marts),
        "marts": sql.Literal([mart.name for mart in marts]),
    }
    return Checkpoint("months", run, "meterr_publisher", parts, months_expectations(), PREPARED)


def months_expectations() -> tuple[Expectation, ...]:
    """Return what the months of a run must hold to."""
    return (
        none_of(
            "months_hold_all_usage",
            "quantity_gaps",
            "{quantity_gaps:,} quantities of months differ from their days",
            expected="the same tokens and requests per month and tenant as in its days",
            remedy=REMEDY,
            evidence="quantity_gap_rows",
        ),
        none_of(
            "months_hold_all_cost",
            "cost_gaps",
            "{cost_gaps:,} costs of months differ from their days",
            expected="the same cost per month, tenant and currency as in its days, to the last "
            "digit",
            remedy=REMEDY,
            evidence="cost_gap_rows",
        ),
        none_of(
            "no_other_month_derived",
            "months_strange",
            "months derived although the run does not affect them: {months_strange_names}",
            expected="only the months of the run's {affected_days} affected days",
        ),
    )


def _as_they_will_stand(run: Run, mart: PublishedMart) -> sql.Composed:
    key = sql.SQL(" and ").join(
        sql.SQL("r.{0} = m.{0}").format(sql.Identifier(name)) for name in mart.key
    )
    return statement(
        "meterr_etl.gates",
        "months_of_mart",
        name=sql.Literal(mart.name),
        published=mart.table,
        derived=run.tables.candidate_table(mart.name),
        moved=run.tables.moved_months(mart.name),
        same_key=key,
    )
