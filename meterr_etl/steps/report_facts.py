"""Reads everything that a run's page tells: from the ledger, and of the affected days the marts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from meterr_etl.errors import ConflictError
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.statements import statement

Row = dict[str, Any]
PLURALS = ("error", "warning")
PUBLISHED_MARTS = ("usage_by_team_daily", "unpriced_usage_daily")


@dataclass(frozen=True)
class RunFacts:
    """One run as the ledger holds it; `chargeback` and `unpriced` are of its days as published.

    `chargeback` and `unpriced` are null where there are no marts yet.
    """

    run: Row
    steps: list[Row]
    verdicts: dict[str, int]
    gates: list[Row]
    dead_letters: list[Row]
    days: list[Row]
    unknown_owners: list[Row]
    chargeback: list[Row] | None
    unpriced: list[Row] | None

    @property
    def is_published(self) -> bool:
        """Whether readers see what this run built."""
        return self.run["publication_no"] is not None

    @property
    def rows_read(self) -> int | None:
        """Rows that the extract read, or None if it never ended."""
        found = [step["metrics"].get("rows_read") for step in self.steps]
        return next((int(count) for count in reversed(found) if count is not None), None)

    @property
    def rows_judged(self) -> int:
        """The sum of the verdicts, which must be the rows read."""
        return sum(self.verdicts.values())

    def outcomes(self, gate: str) -> dict[str, int]:
        """Return how many expectations of a gate came to what; what none came to is left out."""
        found = Counter(
            verdict["severity"] if verdict["outcome"] == "failed" else verdict["outcome"]
            for verdict in self.gates
            if verdict["gate"] == gate
        )
        return {
            name + ("s" if name in PLURALS and found[name] > 1 else ""): found[name]
            for name in ("error", "warning", "passed", "not judged")
            if found[name]
        }

    def total_cost(self) -> dict[str, Decimal]:
        """Return the billed cost of the affected days per currency, exact."""
        totals: dict[str, Decimal] = {}
        for line in self.chargeback or []:
            if line["billed_cost"] is not None:
                currency = line["billing_currency"]
                totals[currency] = totals.get(currency, Decimal(0)) + line["billed_cost"]
        return totals


def load_facts(run_id: str) -> RunFacts:
    """Return what there is to tell of a run.

    Raises:
        ConflictError: the ledger holds no such run.
    """
    with warehouse("meterr_publisher", application_name="meterr report") as connection:
        found = _rows(connection, "run", run_id=run_id)
        if not found:
            raise ConflictError(
                f"The ledger holds no run '{run_id}'.", remedy="List the runs with `meterr status`."
            )
        has_marts = _has_marts(connection)
        return RunFacts(
            run=found[0],
            steps=_rows(connection, "steps", run_id=run_id),
            verdicts=_verdicts(connection, run_id),
            gates=_rows(connection, "gates", run_id=run_id),
            dead_letters=_rows(connection, "dead_letters", run_id=run_id),
            days=_rows(connection, "days", run_id=run_id),
            unknown_owners=_rows(
                connection, "unknown_owners", run_id=run_id, source=found[0]["source"]
            ),
            chargeback=_rows(connection, "chargeback", run_id=run_id) if has_marts else None,
            unpriced=_rows(connection, "unpriced", run_id=run_id) if has_marts else None,
        )


def _verdicts(connection: Connection, run_id: str) -> dict[str, int]:
    rows = connection.execute(
        "select verdict, row_count from ops.run_verdicts where run_id = %s order by verdict",
        (run_id,),
    ).fetchall()
    return {str(verdict): int(str(count)) for verdict, count in rows}


def _has_marts(connection: Connection) -> bool:
    row = connection.execute(
        "select bool_and(to_regclass('marts.' || n) is not null) from unnest(%s::text[]) as n",
        (list(PUBLISHED_MARTS),),
    ).fetchone()
    return bool(row and row[0])


def _rows(connection: Connection, name: str, **parameters: object) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        query = statement("meterr_etl.steps", f"report_{name}")
        return cursor.execute(query, parameters).fetchall()
