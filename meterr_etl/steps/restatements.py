"""Puts every change of a published number on record, in the publish that makes it."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from meterr_etl.ledger.runs import Run
from meterr_etl.steps.overtaken import date_list
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.statements import statement


def record_restatements(guard: Connection, run: Run, days: list[date], publication_no: int) -> int:
    """Write what the run's candidate changes of days that stood; returns how many lines.

    One line per day, tenant, cost center and currency whose cost differs. To be called in the
    publish's transaction, before the former marts and versions of these days are replaced.
    """
    return guard.execute(
        statement(
            "meterr_etl.steps",
            "restatements",
            run_id=sql.Literal(run.run_id),
            publication_no=sql.Literal(publication_no),
            days=date_list(days),
            batch=run.tables.batch,
            superseded=run.tables.superseded,
            candidate_totals=run.tables.candidate_table("usage_by_team_daily"),
            otherwise=sql.Literal("repair" if run.kind == "repair" else "ownership"),
            candidate_lines=run.tables.candidate_table("fct_usage_cost_daily"),
            candidate_rates=run.tables.candidate_table("fct_sku_rates_daily"),
            candidate_contract_rates=run.tables.candidate_table("fct_contract_rates_daily"),
        )
    ).rowcount
