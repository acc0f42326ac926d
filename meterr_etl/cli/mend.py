"""sweep, waive, quarantine replay: what a person does about days and rows that went wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from meterr_etl.cli.options import DEFAULT_SOURCE, AsJson, SourceName, log_progress
from meterr_etl.cli.output import note, print_json, print_table
from meterr_etl.errors import ConflictError, InputError

GATES = ("landing", "staging", "marts")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr sweep --days 35")(sweep)
    app.command(epilog="Example: meterr waive 261121113512a1b2c3 landing --reason 'Black Friday'")(
        waive
    )


def sweep(
    *,
    source: SourceName = DEFAULT_SOURCE,
    days: Annotated[int, typer.Option(help="How many days before the watermark.", min=1)] = 35,
    dry_run: Annotated[bool, typer.Option(help="Only say what differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the last days with the source, and repair through the gates what differs."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl import maintenance  # noqa: PLC0415

    log_progress()
    done = maintenance.sweep(source, trigger="cli", days=days, only_look=dry_run)
    rows = [asdict(healed) for healed in done]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, title=f"Days of {source} that differed")
    if failed := [healed for healed in done if healed.run_id is None and not dry_run]:
        raise ConflictError(
            f"{len(failed)} of {len(done)} days that differ were not repaired.",
            remedy="See the outcomes above and `meterr status`.",
        )


def waive(
    run: Annotated[str, typer.Argument(help="The run, as `status` names it.")],
    gate: Annotated[str, typer.Argument(help="landing, staging or marts.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why this is right after all.")],
    as_json: AsJson = False,
) -> None:
    """Let one run pass a gate that found it unusual; what does not add up can't be waived."""
    if gate not in GATES:
        raise InputError(f"'{gate}' is no gate.", remedy=f"Give one of {', '.join(GATES)}.")
    if not reason.strip():
        raise InputError("A waiver needs a reason.", remedy="Say why in --reason.")
    from meterr_etl.gates.waivers import waive as record  # noqa: PLC0415

    waived = record(run, gate, reason)  # type: ignore[arg-type]
    if as_json:
        print_json({"run_id": run, "gate": gate, "waived": waived, "reason": reason})
        return
    print_table([{"run_id": run, "gate": gate, "waived": waived, "reason": reason}])
    note(f"Next: `meterr run --resume {run}`, or clear the gate's task.")


def quarantine_replay(
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only rows that bear this reason.")
    ] = None,
    source: SourceName = DEFAULT_SOURCE,
    as_json: AsJson = False,
) -> None:
    """Judge rejected rows again and publish those that the contract and mapping take by now."""
    from meterr_etl import pipeline  # noqa: PLC0415

    log_progress()
    run_id = pipeline.replay(source, trigger="cli", reason_code=reason)
    told = {"source": source, "run_id": run_id, "outcome": "published"}
    if as_json:
        print_json(told)
    else:
        print_table([told])
