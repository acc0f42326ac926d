"""status, quarantine, the report of a run: what the ledger and the gates have to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from meterr_etl.cli.mend import quarantine_replay
from meterr_etl.cli.options import AsJson, optional_day
from meterr_etl.cli.output import Rows, note, print_json, show
from meterr_etl.errors import ConflictError

RUN_COLUMNS = (
    "run_id", "source", "window_start", "trigger", "status", "failed_step",
    "rows_read", "rows_new", "rows_dead", "started_at", "seconds",
)  # fmt: skip
VERDICT_COLUMNS = ("gate", "expectation", "severity", "outcome", "message")
LETTER_COLUMNS = ("run_id", "run_status", "source", "source_event_id", "reasons", "died_at")

quarantine_app = typer.Typer(help="Rejected rows, kept whole with every reason.")

Limit = Annotated[int, typer.Option(help="Most rows to list.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr status --day 2026-11-14")(status)
    quarantine_app.command("list", epilog="Example: meterr quarantine list --day 2026-11-14")(
        quarantine_list
    )
    quarantine_app.command(
        "replay", epilog="Example: meterr quarantine replay --reason output_tokens_negative"
    )(quarantine_replay)
    app.add_typer(quarantine_app, name="quarantine")


@quarantine_app.callback()
def quarantine() -> None:
    """Rejected rows, kept whole with every reason."""


def status(
    *,
    day: Annotated[str | None, typer.Option(help="One UTC day in detail.")] = None,
    limit: Limit = 14,
    as_json: AsJson = False,
) -> None:
    """Show how far each source is read, its holes, the newest days and runs; or one day."""
    from meterr_etl.ledger import status as ledger  # noqa: PLC0415
    from meterr_etl.warehouse.connection import warehouse  # noqa: PLC0415

    chosen = optional_day(day)
    with warehouse("meterr_loader") as connection:
        if chosen is None:
            sections = {
                "Sources": ledger.source_progress(connection),
                "Published days": ledger.recent_days(connection, limit),
                "Days re-derived": ledger.rederived_days(connection, limit),
                "Runs": ledger.recent_runs(connection, limit),
            }
        else:
            runs = ledger.recent_runs(connection, limit, chosen)
            ids = [str(run["run_id"]) for run in runs]
            sections = {
                "Published day": ledger.one_day(connection, chosen),
                "Equations": ledger.day_equations(connection, chosen),
                "Runs": runs,
                "Gate verdicts": ledger.verdicts(connection, ids, only_notable=True),
            }
    show(
        sections if as_json else _readable(sections, in_detail=chosen is not None), as_json=as_json
    )


def report_run(run: str | None, *, as_json: bool) -> None:
    """Write a run's report page again, and show its gate verdicts.

    Raises:
        ConflictError: the ledger holds no such run, or none at all.
    """
    from meterr_etl.ledger import status as ledger  # noqa: PLC0415
    from meterr_etl.ledger.runs import load_run  # noqa: PLC0415
    from meterr_etl.steps.report import report as write_report  # noqa: PLC0415
    from meterr_etl.warehouse.connection import warehouse  # noqa: PLC0415

    with warehouse("meterr_loader") as connection:
        run_id = run or ledger.latest_run(connection)
        if run_id is None:
            raise ConflictError("The ledger holds no run yet.", remedy="Start one: `meterr run`.")
        load_run(run_id)
        verdicts = ledger.verdicts(connection, [run_id], only_notable=False)
    written = write_report(run_id)
    if as_json:
        print_json({"run_id": run_id, **written, "verdicts": verdicts})
        return
    show({f"Gate verdicts of run {run_id}": _pick(verdicts, VERDICT_COLUMNS)}, as_json=False)
    for name, value in written.items():
        note(f"{name}: {value}")


def quarantine_list(
    *,
    run: Annotated[str | None, typer.Option("--run", help="Only of this run.")] = None,
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    day: Annotated[str | None, typer.Option(help="Only runs whose window touches it.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List rejected rows by reason and one by one, those of failed runs too."""
    from meterr_etl.ledger import status as ledger  # noqa: PLC0415
    from meterr_etl.warehouse.connection import warehouse  # noqa: PLC0415

    chosen = optional_day(day)
    with warehouse("meterr_loader") as connection:
        reasons = ledger.dead_letter_reasons(connection, run_id=run, source=source, day=chosen)
        rows = ledger.dead_letters(connection, run_id=run, source=source, day=chosen, limit=limit)
    shown = rows if as_json else _pick(rows, LETTER_COLUMNS)
    show({"Reasons": reasons, "Rows": shown}, as_json=as_json)


def _readable(sections: Mapping[str, Rows], *, in_detail: bool) -> dict[str, Rows]:
    """Leave to a person what fits a terminal; the errors of runs become sentences of their own."""
    runs = sections["Runs"]
    readable = {**sections, "Runs": _pick(runs, RUN_COLUMNS)}
    if "Gate verdicts" in sections:
        readable["Gate verdicts"] = _pick(sections["Gate verdicts"], ("run_id", *VERDICT_COLUMNS))
    if in_detail and (failed := [run for run in runs if run["error"]]):
        readable["Why runs failed"] = _pick(failed, ("run_id", "failed_step", "error"))
    return readable


def _pick(rows: Rows, columns: tuple[str, ...]) -> Rows:
    return [{column: row[column] for column in columns} for row in rows]
