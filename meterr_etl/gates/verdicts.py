"""Verdicts: what a gate said of a run, in memory and in the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Literal

from psycopg.types.json import Jsonb

from meterr_etl.errors import GateFailedError
from meterr_etl.gates.expectation import Severity
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.names import Gate

Outcome = Literal["passed", "failed", "not judged"]
Row = dict[str, object]

ROWS_IN_ERROR = 2
_dumps = partial(json.dumps, default=str)


@dataclass(frozen=True)
class Verdict:
    """What came of one expectation; `observed` and `expected` are sentences, `sample` ≤ 10 rows."""

    expectation: str
    severity: Severity
    outcome: Outcome
    observed: str | None
    expected: str
    message: str
    sample: tuple[Row, ...] = ()

    @property
    def stops_the_run(self) -> bool:
        """Whether nothing of the run may be published."""
        return self.outcome == "failed" and self.severity == "error"


@dataclass(frozen=True)
class GateReport:
    """All verdicts of one gate on one run, and the seconds it took."""

    run_id: str
    gate: Gate
    verdicts: tuple[Verdict, ...]
    measure_seconds: float
    judge_seconds: float

    @property
    def errors(self) -> tuple[Verdict, ...]:
        """The verdicts that stop the run."""
        return tuple(verdict for verdict in self.verdicts if verdict.stops_the_run)

    @property
    def warnings(self) -> tuple[Verdict, ...]:
        """The failed expectations that a person should look at, although the run goes on."""
        return tuple(
            verdict
            for verdict in self.verdicts
            if verdict.outcome == "failed" and not verdict.stops_the_run
        )

    def metrics(self) -> dict[str, object]:
        """Return counts by outcome and the seconds, for the ledger."""
        outcomes = [verdict.outcome for verdict in self.verdicts]
        return {
            "expectations": len(outcomes),
            "passed": outcomes.count("passed"),
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "not_judged": outcomes.count("not judged"),
            "measure_seconds": round(self.measure_seconds, 3),
            "judge_seconds": round(self.judge_seconds, 3),
        }

    def require_passed(self, stopping: tuple[Verdict, ...]) -> None:
        """Stop the run if any of its errors is left to stop it.

        Args:
            stopping: the errors without those that a person waived.

        Raises:
            GateFailedError: names each of them, with its first offending rows.
        """
        if not stopping:
            return
        raise GateFailedError(
            f"The {self.gate} gate stopped run {self.run_id}: {len(stopping)} of "
            f"{len(self.verdicts)} expectations failed. "
            + " ".join(_told(verdict) for verdict in stopping),
            remedy=f"Nothing was published. See all verdicts and samples with `meterr report "
            f"--run {self.run_id}`, mend the cause and run the window again.",
        )


def record_verdicts(report: GateReport) -> None:
    """Write the verdicts in a transaction of their own, in place of this gate's former ones."""
    with warehouse("meterr_loader") as connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from ops.gate_verdicts where run_id = %s and gate = %s",
            (report.run_id, report.gate),
        )
        cursor.executemany(
            "insert into ops.gate_verdicts (run_id, gate, expectation, severity, outcome,"
            " observed, expected, message, sample) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    report.run_id,
                    report.gate,
                    verdict.expectation,
                    verdict.severity,
                    verdict.outcome,
                    verdict.observed,
                    verdict.expected,
                    verdict.message,
                    Jsonb(list(verdict.sample), dumps=_dumps),
                )
                for verdict in report.verdicts
            ],
        )


def _told(verdict: Verdict) -> str:
    rows = "; ".join(
        ", ".join(f"{name}={value}" for name, value in row.items())
        for row in verdict.sample[:ROWS_IN_ERROR]
    )
    return f"{verdict.expectation}: {verdict.message}" + (f" First rows: {rows}." if rows else "")
