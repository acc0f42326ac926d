"""budgets: make a file of budgets hold, and list what holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson
from meterr_etl.cli.output import note, print_json, show

app = typer.Typer(help="What tenants and their parts may cost in a month.", no_args_is_help=True)


@app.callback()
def budgets() -> None:
    """What tenants and their parts may cost in a month."""


@app.command(epilog="Example: meterr budgets load budgets/acme.yml")
def load(
    file: Annotated[Path, typer.Argument(help="A YAML file of one tenant's budgets.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a file's budgets those of its tenant; marts.budget_status then compares with them."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.budgets.budget import read_budgets  # noqa: PLC0415
    from meterr_etl.budgets.versions import load_budgets  # noqa: PLC0415

    done = load_budgets(read_budgets(file))
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note(f"These budgets of {done.tenant_id} held already.")
    else:
        note(f"{done.added} budgets of {done.tenant_id} hold now, {done.retired} do no longer.")


@app.command("list", epilog="Example: meterr budgets list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the budgets in force."""
    from meterr_etl.budgets.versions import list_budgets  # noqa: PLC0415

    show({"Budgets": list_budgets()}, as_json=as_json)
