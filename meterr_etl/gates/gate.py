"""Runs one gate: measures in SQL, judges, samples what failed, records, and stops or lets pass."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping

from meterr_etl.gates.expectation import Expectation, Measures
from meterr_etl.gates.judge import judge
from meterr_etl.gates.landing import landing_checkpoint
from meterr_etl.gates.marts import marts_checkpoint
from meterr_etl.gates.measuring import Checkpoint, fetch_sample, measure
from meterr_etl.gates.months import months_checkpoint
from meterr_etl.gates.staging import staging_checkpoint
from meterr_etl.gates.verdicts import GateReport, Outcome, Row, Verdict, record_verdicts
from meterr_etl.gates.waivers import unwaived
from meterr_etl.ledger.runs import load_run
from meterr_etl.warehouse.names import Gate

logger = logging.getLogger(__name__)

CHECKPOINTS = {
    "landing": landing_checkpoint,
    "staging": staging_checkpoint,
    "marts": marts_checkpoint,
    "months": months_checkpoint,
}
SAMPLE_ROWS = 10
SAMPLE_CELL = 200


def run_gate(gate: Gate, run_id: str) -> GateReport:
    """Judge one run at one gate; its verdicts are in the ledger before this returns or raises.

    Raises:
        GateFailedError: an expectation of severity error failed; nothing may be published.
        ConflictError: the ledger or the warehouse lacks the run or the tables to be judged.
    """
    started = time.monotonic()
    run = load_run(run_id)
    checkpoint = CHECKPOINTS[gate](run)
    measures = measure(checkpoint)
    measured = time.monotonic()
    judgeable = [e for e in checkpoint.expectations if e.is_judgeable(measures)]
    outcomes = judge(*checkpoint.table_name, judgeable)
    report = GateReport(
        run_id,
        gate,
        tuple(_verdict(checkpoint, e, measures, outcomes) for e in checkpoint.expectations),
        measure_seconds=measured - started,
        judge_seconds=time.monotonic() - measured,
    )
    record_verdicts(report)
    _log(report)
    stopping = unwaived(run_id, gate, report.errors)
    if stopping != report.errors:
        logger.warning("gate %s: waived for run %s by a person", gate, run_id)
    report.require_passed(stopping)
    return report


def _verdict(
    checkpoint: Checkpoint,
    expectation: Expectation,
    measures: Measures,
    outcomes: Mapping[str, bool],
) -> Verdict:
    expected = expectation.expected.format_map(measures)
    sample: tuple[Row, ...] = ()
    seen: str | None = None
    outcome: Outcome = "not judged"
    message = f"Not judged: {(expectation.unjudged or '').format_map(measures)}."
    if expectation.name in outcomes:
        seen = _sentence(expectation.seen.format_map(_readable(measures)))
        outcome, message = "passed", f"{seen}."
        if not outcomes[expectation.name]:
            outcome, message = "failed", f"{seen}; expected: {expected}. {expectation.remedy}"
            sample = _sample(checkpoint, expectation, measures)
    return Verdict(expectation.name, expectation.severity, outcome, seen, expected, message, sample)


def _sample(
    checkpoint: Checkpoint, expectation: Expectation, measures: Measures
) -> tuple[Row, ...]:
    rows: Iterable[object] = ()
    if expectation.evidence:
        found = measures[expectation.evidence]
        rows = found if isinstance(found, list) else ()
    elif expectation.sample:
        rows = fetch_sample(checkpoint, expectation.sample, SAMPLE_ROWS)
    return tuple(
        {str(name): _cut(value) for name, value in row.items()}
        for row in list(rows)[:SAMPLE_ROWS]
        if isinstance(row, dict)
    )


def _cut(value: object) -> object:
    # Rows are somebody else's data: a sample tells where to look, it is no copy of them.
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= SAMPLE_CELL else text[: SAMPLE_CELL - 1] + "…"


def _readable(measures: Measures) -> dict[str, object]:
    return {name: "none" if value is None else value for name, value in measures.items()}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _log(report: GateReport) -> None:
    counts = report.metrics()
    logger.info(
        "gate %s: %s of %s expectations passed, %s errors, %s warnings, %s not judged"
        " (measured in %.1f s, judged in %.1f s)",
        report.gate,
        counts["passed"],
        counts["expectations"],
        counts["errors"],
        counts["warnings"],
        counts["not_judged"],
        report.measure_seconds,
        report.judge_seconds,
    )
    for verdict in report.warnings:
        logger.warning("gate %s: %s: %s", report.gate, verdict.expectation, verdict.message)
