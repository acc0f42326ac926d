"""allocation: check and preview a file of rules, make it hold, and list what holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json, show
from meterr_etl.window import days_of_month, parse_month

app = typer.Typer(help="Rules by which shared cost is distributed.", no_args_is_help=True)
RulesFile = Annotated[Path, typer.Argument(help="A YAML file of one tenant's pools and rules.")]


@app.callback()
def allocation() -> None:
    """Rules by which shared cost is distributed."""


@app.command(epilog="Example: meterr allocation check rules/acme.yml")
def check(file: RulesFile, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a file of rules, with the line and the fix; changes nothing."""
    from meterr_etl.allocation.reading import read_rules  # noqa: PLC0415

    found = read_rules(file)
    counts = {"pools": len(found.pools), "rules": len(found.rules)}
    if as_json:
        print_json({"tenant_id": found.tenant_id, **counts})
    else:
        note(f"{file}: {counts['pools']} pools and {counts['rules']} rules of {found.tenant_id}.")


@app.command(epilog="Example: meterr allocation load rules/acme.yml")
def load(file: RulesFile, *, as_json: AsJson = False) -> None:
    """Make a file of rules hold for its tenant; `meterr reprice` then redistributes former days."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.allocation.reading import read_rules  # noqa: PLC0415
    from meterr_etl.allocation.versions import load_rules  # noqa: PLC0415

    done = load_rules(read_rules(file))
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note(f"These rules of {done.tenant_id} held already.")
    else:
        note(
            f"Rule version {done.reference_version} of {done.tenant_id} holds; published days from "
            f"{done.changed_from} on are redistributed by `meterr reprice`."
        )


@app.command(epilog="Example: meterr allocation preview rules/acme.yml --month 2026-10")
def preview(
    file: RulesFile,
    *,
    month: Annotated[str, typer.Option(help="A month with published days, YYYY-MM.")],
    as_json: AsJson = False,
) -> None:
    """Show what a past month would be borne by under a file's rules; changes nothing."""
    from meterr_etl import previews  # noqa: PLC0415
    from meterr_etl.allocation.reading import read_rules  # noqa: PLC0415

    first, last = days_of_month(parse_month(month))
    log_progress()
    done = previews.preview_allocation(read_rules(file), first, last, trigger="cli")
    show({"Changes": list(done.changes)}, as_json=as_json)


@app.command("list", epilog="Example: meterr allocation list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the rules in force."""
    from meterr_etl.allocation.versions import list_rules  # noqa: PLC0415

    show({"Rules": list_rules()}, as_json=as_json)
