"""The single list of steps that Airflow, the command line and the tests run (DESIGN §4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

from meterr_etl.ledger.runs import Kind, Metrics, Run, Trigger, load_run, open_run, recorded_step
from meterr_etl.sources.registry import load_source
from meterr_etl.warehouse.names import Gate
from meterr_etl.window import Window

logger = logging.getLogger(__name__)

STEPS = (
    "extract",
    "gate_landing",
    "stage",
    "gate_staging",
    "transform",
    "gate_marts",
    "publish",
    "report",
)
# How much of a window arrived, and how fresh, is no question of a repair or a replay; a re-rating
# reads nothing, and stages nothing that a gate could judge.
NOT_OF_KIND: dict[Kind, tuple[str, ...]] = {
    "repair": ("gate_landing",),
    "replay": ("gate_landing",),
    "reprice": ("extract", "gate_landing", "gate_staging"),
    "what_if": ("extract", "gate_landing", "gate_staging"),
}
# A published run's later steps may still be done again; the publish itself then does nothing.
AFTER_PUBLISH = ("publish", "report")


def extract(
    source: str,
    window: Window,
    *,
    trigger: Trigger,
    reason: str | None = None,
    orchestrator_run_id: str | None = None,
) -> str:
    """Start a new run of a window: mint its id, land its rows; returns the run's id.

    Raises:
        InputError: there is no such source, or the window is not over yet.
        UnavailableError: the source or the warehouse did not answer.
    """
    from meterr_etl.steps.extract import extract as land  # noqa: PLC0415
    from meterr_etl.steps.sweep import sweep_former_runs  # noqa: PLC0415

    load_source(source)
    window.require_closed(datetime.now(UTC))
    run = open_run(source, window, trigger, reason, orchestrator_run_id)
    with recorded_step(run, "extract") as metrics:
        metrics["swept_runs"] = sweep_former_runs(run)
        land(run, metrics)
    return run.run_id


def replay(source: str, *, trigger: Trigger, reason_code: str | None = None) -> str:
    """Judge the dead letters of a source again and publish those that are legal by now.

    Args:
        source: whose dead letters.
        trigger: who asks.
        reason_code: only those that bear this reason; all if None.

    Raises:
        ConflictError: no dead letter waits, or none of them is legal yet.
        GateFailedError: a gate judged that they may not be published.
    """
    from meterr_etl.steps.replay import land_letters, window_of_letters  # noqa: PLC0415

    load_source(source)
    window = window_of_letters(source, reason_code)
    said = f"replay of dead letters{f': {reason_code}' if reason_code else ''}"
    run = open_run(source, window, trigger, said, kind="replay")
    with recorded_step(run, "extract") as metrics:
        land_letters(run, metrics, reason_code)
    resume(run.run_id, after="extract")
    return run.run_id


def repair(source: str, day: date, *, trigger: Trigger, reason: str) -> str:
    """Read the events of one day anew, whenever they arrived, and publish what differs.

    What the source has no more is removed. Returns the run's id.

    Raises:
        GateFailedError: a gate judged that the run may not go on.
    """
    from meterr_etl.steps.extract import extract as land  # noqa: PLC0415

    load_source(source)
    run = open_run(source, Window.of_day(day), trigger, reason, kind="repair")
    with recorded_step(run, "extract") as metrics:
        land(run, metrics)
    resume(run.run_id, after="extract")
    return run.run_id


def steps_of(kind: Kind) -> tuple[str, ...]:
    """Return the steps that a run of a kind goes through."""
    return tuple(step for step in STEPS if step not in NOT_OF_KIND.get(kind, ()))


def run_step(step: str, run_id: str) -> Metrics:
    """Do one step of a run after `extract`; returns its counts, durations and rates.

    Raises:
        ConflictError: there is no such run, or what the step needs of it is gone.
        GateFailedError: a gate judged that the run may not go on.
    """
    run = load_run(run_id)
    with recorded_step(run, step) as metrics:
        if run.status == "published" and step not in AFTER_PUBLISH:
            # Its record is closed; whoever wants the window anew starts a run at `extract`.
            metrics["outcome"] = "was published already"
        else:
            _BODIES[step](run, metrics)
    return metrics


def run_window(
    source: str, window: Window, *, trigger: Trigger = "cli", reason: str | None = None
) -> str:
    """Run every step of one window in this process; returns the run's id."""
    run_id = extract(source, window, trigger=trigger, reason=reason)
    resume(run_id, after="extract")
    return run_id


def resume(run_id: str, *, after: str) -> None:
    """Go on with a run behind one of the steps, through those of its kind."""
    own = steps_of(load_run(run_id).kind)
    for step in STEPS[STEPS.index(after) + 1 :]:
        if step in own:
            run_step(step, run_id)


def _gate(name: Gate) -> Callable[[Run, Metrics], None]:
    def judge(run: Run, metrics: Metrics) -> None:
        from meterr_etl.gates import run_gate  # noqa: PLC0415

        metrics.update(run_gate(name, run.run_id).metrics())

    return judge


def _stage(run: Run, metrics: Metrics) -> None:
    if run.kind in ("reprice", "what_if"):
        from meterr_etl.steps.rerate import restage  # noqa: PLC0415

        restage(run, metrics)
        return
    from meterr_etl.steps.stage import stage  # noqa: PLC0415

    stage(run, metrics)


def _transform(run: Run, metrics: Metrics) -> None:
    from meterr_etl.steps.transform import left_to_publish  # noqa: PLC0415

    if ahead := left_to_publish(run):
        metrics["left_to_publish_of_days_shared_with"] = ahead
    else:
        _build(run, metrics)


def _build(run: Run, metrics: Metrics) -> None:
    from meterr_etl.steps.transform import transform  # noqa: PLC0415

    metrics.update(transform(run.run_id))


def _gate_marts(run: Run, metrics: Metrics) -> None:
    if run.is_rebuild_due:
        metrics["outcome"] = "left to the publish, which builds these marts"
    else:
        _gate("marts")(run, metrics)


def _publish(run: Run, metrics: Metrics) -> None:
    from meterr_etl.steps.publish import publish  # noqa: PLC0415

    publish(run, metrics, _rebuild)


def _rebuild(run: Run, metrics: Metrics) -> None:
    # A re-rating stages nothing that the gate could judge.
    bodies: dict[str, Callable[[Run, Metrics], None]] = {"stage": _stage}
    if run.kind != "reprice":
        bodies["gate_staging"] = _gate("staging")
    bodies |= {"transform": _build, "gate_marts": _gate("marts")}
    for step, body in bodies.items():
        again: Metrics = {}
        body(load_run(run.run_id), again)
        metrics[f"rebuilt_{step}"] = again


def _report(run: Run, metrics: Metrics) -> None:
    from meterr_etl.steps.report import report  # noqa: PLC0415
    from meterr_etl.steps.sweep import discard_tables  # noqa: PLC0415

    metrics.update(report(run.run_id))
    metrics["tables_dropped"] = discard_tables(run.run_id)


_BODIES: dict[str, Callable[[Run, Metrics], None]] = {
    "gate_landing": _gate("landing"),
    "stage": _stage,
    "gate_staging": _gate("staging"),
    "transform": _transform,
    "gate_marts": _gate_marts,
    "publish": _publish,
    "report": _report,
}
