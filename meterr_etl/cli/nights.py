"""run, backfill: nights by hand, the same steps that Airflow runs."""

from __future__ import annotations

from typing import Annotated

import typer

from meterr_etl.cli.options import (
    DEFAULT_SOURCE,
    AsJson,
    Reason,
    SourceName,
    half_open_days,
    log_progress,
)
from meterr_etl.cli.output import Rows, note, print_json, print_table
from meterr_etl.errors import InputError, MeterrError
from meterr_etl.window import Window, daily_windows, parse_day

MOST_PARALLEL = 16


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr run --start 2026-11-14 --end 2026-11-15 --source supabase")(
        run
    )
    app.command(epilog="Example: meterr backfill --start 2026-11-08 --end 2026-11-14 --parallel 2")(
        backfill
    )


def run(
    *,
    start: Annotated[
        str | None, typer.Option(help="First UTC day of arrival; by default yesterday.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="The day AFTER the last one; by default one day.")
    ] = None,
    source: SourceName = DEFAULT_SOURCE,
    reason: Reason = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with this run behind its last good step.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the nights of the days [start, end), oldest first, and stop at the first that fails."""
    log_progress()
    if resume is not None:
        if start is not None or end is not None:
            raise InputError("--resume goes without dates.", remedy="The run knows its window.")
        _tell([_resumed(resume)], as_json=as_json)
        return
    windows = list(daily_windows(*half_open_days(start, end)))
    _require_closed(windows)
    from meterr_etl import pipeline  # noqa: PLC0415
    from meterr_etl.imports import IMPORTED_BY_NIGHTS, import_ahead  # noqa: PLC0415

    import_ahead(IMPORTED_BY_NIGHTS)
    done = []
    for window in windows:
        run_id = pipeline.run_window(source, window, reason=reason)
        done.append({"window": str(window), "run_id": run_id, "outcome": "published"})
    _tell(done, as_json=as_json)


def backfill(
    *,
    start: Annotated[str, typer.Option(help="First UTC day of arrival.")],
    end: Annotated[str, typer.Option(help="Last UTC day of arrival, included.")],
    source: SourceName = DEFAULT_SOURCE,
    parallel: Annotated[int, typer.Option(help="How many nights at a time.")] = 1,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Run the nights of the days from start to end, both included; a failed one holds back none."""
    windows = list(daily_windows(parse_day(start), parse_day(end)))
    _require_closed(windows)
    if not 1 <= parallel <= MOST_PARALLEL:
        raise InputError(
            f"{parallel} nights at a time is out of range.", remedy=f"Give 1 to {MOST_PARALLEL}."
        )
    from meterr_etl import nights  # noqa: PLC0415

    log_progress()
    outcomes = nights.backfill(
        source,
        parse_day(start),
        parse_day(end),
        parallel=parallel,
        reason=reason,
        initializer=log_progress,
    )
    _tell([_outcome(window, told) for window, told in outcomes.items()], as_json=as_json)
    _raise_if_failed(outcomes)


def _require_closed(windows: list[Window]) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    now = datetime.now(UTC)
    for window in windows:
        window.require_closed(now)


def _resumed(run_id: str) -> dict[str, str]:
    from meterr_etl import pipeline  # noqa: PLC0415
    from meterr_etl.ledger.runs import load_run  # noqa: PLC0415
    from meterr_etl.ledger.status import succeeded_steps  # noqa: PLC0415
    from meterr_etl.warehouse.connection import warehouse  # noqa: PLC0415

    run_found = load_run(run_id)
    with warehouse("meterr_loader") as connection:
        succeeded = succeeded_steps(connection, run_id)
    own = pipeline.steps_of(run_found.kind)
    last = next((step for step in own if step not in succeeded), None)
    if last == pipeline.STEPS[0]:
        raise InputError(
            f"Run {run_id} landed nothing.", remedy="Start anew with --start and --end."
        )
    if last is not None:
        pipeline.resume(run_id, after=pipeline.STEPS[pipeline.STEPS.index(last) - 1])
    return {"window": str(run_found.window), "run_id": run_id, "outcome": "published"}


def _outcome(window: Window, told: str | Exception) -> dict[str, str | None]:
    if isinstance(told, str):
        return {"window": str(window), "run_id": told, "outcome": "published"}
    return {"window": str(window), "run_id": None, "outcome": str(told)}


def _raise_if_failed(outcomes: dict[Window, str | Exception]) -> None:
    failed = [told for told in outcomes.values() if isinstance(told, Exception)]
    if not failed:
        return
    summary = MeterrError(
        f"{len(failed)} of {len(outcomes)} nights were not published.",
        remedy="See above, and `meterr status`; mend the cause and run those days again.",
    )
    # One kind of failure keeps its own exit code; several are a failure as such.
    if isinstance(failed[0], MeterrError) and len({type(error) for error in failed}) == 1:
        summary.exit_code = failed[0].exit_code
    raise summary


def _tell(done: Rows, *, as_json: bool) -> None:
    if as_json:
        print_json(list(done))
    else:
        print_table(done)
        note("Next: `meterr status`, `meterr report`, or a query with `meterr sql`.")
