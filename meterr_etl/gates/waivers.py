"""What a person may overrule for one run, on record: the unusual, never what does not add up."""

from __future__ import annotations

from meterr_etl.errors import ConflictError
from meterr_etl.gates.verdicts import Verdict
from meterr_etl.ledger.runs import load_run
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.names import Gate

# Judgements of what is usual or tolerable. Whatever is not listed here is a sum, a key or a sign
# that is wrong, and no reason makes it right.
WAIVABLE = frozenset({
    "volume_in_band",
    "needed_values_not_vanished",
    "dead_letters_few",
    "unpriced_share_small",
})  # fmt: skip


def waive(run_id: str, gate: Gate, reason: str) -> list[str]:
    """Record that a gate's waivable verdicts may pass for one run; returns which these are now.

    Raises:
        ConflictError: no such run, it is published, nothing of the gate failed, or what failed
            can't be waived.
    """
    run = load_run(run_id)
    if run.status == "published":
        raise ConflictError(f"Run {run_id} is published already.", remedy="Nothing to waive.")
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            "select expectation from ops.gate_verdicts where run_id = %s and gate = %s"
            " and outcome = 'failed' and severity = 'error' order by 1",
            (run_id, gate),
        ).fetchall()
        failed = [str(row[0]) for row in rows]
        _require_waivable(run_id, gate, failed)
        connection.execute(
            "insert into ops.gate_waivers (run_id, gate, reason) values (%s, %s, %s)"
            " on conflict (run_id, gate) do update set reason = excluded.reason,"
            " waived_by = excluded.waived_by, waived_at = clock_timestamp()",
            (run_id, gate, reason),
        )
    return failed


def unwaived(run_id: str, gate: Gate, errors: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Return the errors that still stop a run, given what was waived for it."""
    if not errors:
        return ()
    with warehouse("meterr_loader") as connection:
        row = connection.execute(
            "select 1 from ops.gate_waivers where run_id = %s and gate = %s", (run_id, gate)
        ).fetchone()
    if row is None:
        return errors
    return tuple(error for error in errors if error.expectation not in WAIVABLE)


def _require_waivable(run_id: str, gate: str, failed: list[str]) -> None:
    if not failed:
        raise ConflictError(
            f"The {gate} gate did not stop run {run_id}.",
            remedy=f"See its verdicts with `meterr report --run {run_id}`.",
        )
    if hard := [name for name in failed if name not in WAIVABLE]:
        raise ConflictError(
            f"{', '.join(hard)} can't be waived: what does not add up is never published.",
            remedy="Mend the cause and run the window again.",
        )
